-- Lends effects to a process: what dead processes held, and what is due, earliest first; and shows it again what it
-- has held for long, so that it sees what it was given without hearing of it (an answer that was lost).
-- KEYS[1] root of all keys
-- ARGV[1] process, [2] now (ms, the bot's clock), [3] how many at most of what is due, and of what it holds
-- Answers key, body (JSON), key, body, ...

-- An answer comes sooner, or the caller has given up waiting for it.
local unheardAfter = 2000
local process, limit = ARGV[1], ARGV[3]
local now = redisNow()
beat(process, now)
buryDead(now)

local lent = {}
local function lend(effect)
  local body = redis.call('HGET', root .. ':effects', effect)
  hold(process, now, effect)
  lent[#lent + 1] = effect
  lent[#lent + 1] = body
end

local held = root .. ':effects:held:' .. process
for _, effect in ipairs(redis.call('ZRANGEBYSCORE', held, '-inf', now - unheardAfter, 'LIMIT', 0, limit)) do
  lend(effect)
end
for _, effect in ipairs(redis.call('ZRANGEBYSCORE', root .. ':effects:due', '-inf', ARGV[2], 'LIMIT', 0, limit)) do
  lend(effect)
end
-- Nothing that failed waits for longer than half a minute: what is to wait for an hour was given back by a clock that
-- was ahead.
local ahead = ARGV[2] + 3600000
for _, effect in ipairs(redis.call('ZRANGEBYSCORE', root .. ':effects:due', ahead, '+inf', 'LIMIT', 0, limit)) do
  lend(effect)
end
return lent
