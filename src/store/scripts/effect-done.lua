-- Forgets an effect that was done, if this process still holds it and nobody has put it again.
-- KEYS[1] root of all keys
-- ARGV[1] process, [2] the effect's key
-- Answers 'done'; 'again' when it was put again since it was taken: it stays with this process; 'lost' when this
-- process does not hold it any more.
local process, effect = ARGV[1], ARGV[2]
if redis.call('HGET', root .. ':effects:holder', effect) ~= process then return 'lost' end
if redis.call('SISMEMBER', root .. ':effects:again', effect) == 1 then return 'again' end
redis.call('HDEL', root .. ':effects', effect)
redis.call('HDEL', root .. ':effects:holder', effect)
redis.call('HDEL', root .. ':effects:tries', effect)
redis.call('ZREM', root .. ':effects:held:' .. process, effect)
return 'done'
