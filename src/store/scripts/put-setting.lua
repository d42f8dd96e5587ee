-- Replaces a setting if it still is what was read.
-- KEYS[1] root of all keys
-- ARGV[1] name, [2] '1' if there was a value when read, else '0', [3] that value, [4] the new value
local settings = KEYS[1] .. ':settings'
local now = redis.call('HGET', settings, ARGV[1])
if (now and '1' or '0') ~= ARGV[2] then return 'conflict' end
if now and now ~= ARGV[3] then return 'conflict' end
redis.call('HSET', settings, ARGV[1], ARGV[4])
return 'committed'
