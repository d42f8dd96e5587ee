-- A sign of life of a process.
-- KEYS[1] root of all keys
-- ARGV[1] process
beat(ARGV[1], redisNow())
return 'OK'
