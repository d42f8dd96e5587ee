-- What the clock shows that is ahead of all others: Redis' own, or that of a process which gives signs of life.
-- KEYS[1] root of all keys
local most = 0
for _, ahead in ipairs(redis.call('HVALS', root .. ':processes:ahead')) do
  most = math.max(most, tonumber(ahead))
end
return redisNow() + most
