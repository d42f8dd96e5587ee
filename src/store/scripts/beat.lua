-- A sign of life of a process.
-- KEYS[1] root of all keys
-- ARGV[1] process; [2] what its machine's clock shows, in milliseconds since 1970; empty: it goes by another clock
local now = redisNow()
beat(ARGV[1], now)
if ARGV[2] ~= '' then redis.call('HSET', root .. ':processes:ahead', ARGV[1], ARGV[2] - now) end
return 'OK'
