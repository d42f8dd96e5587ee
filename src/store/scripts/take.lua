-- Takes one effect for a try. What is put from now on counts as put again.
-- KEYS[1] root of all keys
-- ARGV[1] process, [2] the effect's key
-- Answers body (JSON) and how often it was tried in vain; nothing when it is done, or another process has it.
local process, effect = ARGV[1], ARGV[2]
local body = redis.call('HGET', root .. ':effects', effect)
if not body then return {} end
local holder = redis.call('HGET', root .. ':effects:holder', effect)
if holder and holder ~= process then return {} end
local now = redisNow()
beat(process, now)
hold(process, now, effect)
redis.call('SREM', root .. ':effects:again', effect)
return { body, redis.call('HGET', root .. ':effects:tries', effect) or '0' }
