-- Gives back an effect that was tried in vain, or not at all: nobody may take it from the sweep before its time.
-- KEYS[1] root of all keys
-- ARGV[1] process, [2] the effect's key, [3] when it may be taken (ms, the bot's clock), [4] how often it was tried: 1 or 0
local process, effect = ARGV[1], ARGV[2]
if redis.call('HGET', root .. ':effects:holder', effect) ~= process then return 'lost' end
release(process, effect, ARGV[3])
redis.call('HINCRBY', root .. ':effects:tries', effect, ARGV[4])
return 'OK'
