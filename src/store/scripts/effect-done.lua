-- Forgets an effect that was done.
-- KEYS[1] root of all keys
-- ARGV[1] the effect's key
redis.call('HDEL', KEYS[1] .. ':effects', ARGV[1])
redis.call('ZREM', KEYS[1] .. ':effects:due', ARGV[1])
return 'OK'
