-- Lends the effects that nobody holds now, earliest first.
-- KEYS[1] root of all keys
-- ARGV[1] now (ms), [2] until when they are lent (ms), [3] how many at most
-- Answers key, body (JSON), key, body, ...
local root = KEYS[1]
local due = redis.call('ZRANGEBYSCORE', root .. ':effects:due', '-inf', ARGV[1], 'LIMIT', 0, ARGV[3])
local lent = {}
for _, key in ipairs(due) do
  redis.call('ZADD', root .. ':effects:due', ARGV[2], key)
  lent[#lent + 1] = key
  lent[#lent + 1] = redis.call('HGET', root .. ':effects', key)
end
return lent
