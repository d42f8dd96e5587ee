-- Who holds which effect: shared by the scripts that come after it. All its times are Redis' own, in milliseconds.
-- KEYS[1] root of all keys
--
-- effects          hash: body (JSON) of everything that is to be done
-- effects:due      sorted set: what nobody holds, by when it may be taken (the bot's clock)
-- effects:holder   hash: the process that holds it
-- effects:held:P   sorted set: what process P holds, by when it was last known to be at it
-- effects:again    set: what was put again while somebody held it
-- effects:tries    hash: how often it was tried in vain
-- processes        sorted set: who is there, by the last sign of life; whoever holds something is in it
-- processes:ahead  hash: by how much a process's clock is ahead of Redis'
-- processes:awake  since when somebody has been giving signs of life without a pause
local root = KEYS[1]
-- A process that was silent for this long is dead.
local deadAfter = 5000
-- Nobody could give a sign of life for this long: Redis was away, and that counts against nobody.
local pause = 2500

local function redisNow()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function noneAfter(times, now)
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', times, '(' .. now, '+inf')) do
    redis.call('ZADD', times, now, member)
  end
end

local function beat(process, now)
  local processes = root .. ':processes'
  local last = tonumber(redis.call('ZREVRANGE', processes, 0, 0, 'WITHSCORES')[2])
  local awake = tonumber(redis.call('GET', root .. ':processes:awake'))
  if not last or now - last > pause or not awake or awake > now then
    redis.call('SET', root .. ':processes:awake', now)
  end
  if last and last > now then
    -- Redis' clock was set back: nobody is younger than now, and nobody has been at anything since later than now.
    noneAfter(processes, now)
    for _, other in ipairs(redis.call('ZRANGE', processes, 0, -1)) do
      noneAfter(root .. ':effects:held:' .. other, now)
    end
  end
  redis.call('ZADD', processes, now, process)
end

local function hold(process, now, effect)
  redis.call('ZREM', root .. ':effects:due', effect)
  redis.call('ZADD', root .. ':effects:held:' .. process, now, effect)
  redis.call('HSET', root .. ':effects:holder', effect, process)
end

-- Nobody holds it any more.
local function release(process, effect, due)
  redis.call('ZREM', root .. ':effects:held:' .. process, effect)
  redis.call('HDEL', root .. ':effects:holder', effect)
  redis.call('SREM', root .. ':effects:again', effect)
  redis.call('ZADD', root .. ':effects:due', due, effect)
end

-- What the process held may be taken at once, in its order.
local function bury(process)
  local held = redis.call('ZRANGE', root .. ':effects:held:' .. process, 0, -1)
  for place, effect in ipairs(held) do release(process, effect, place) end
  redis.call('ZREM', root .. ':processes', process)
  redis.call('HDEL', root .. ':processes:ahead', process)
end

local function buryDead(now)
  if now - tonumber(redis.call('GET', root .. ':processes:awake')) < deadAfter then return end
  local dead = redis.call('ZRANGEBYSCORE', root .. ':processes', '-inf', now - deadAfter)
  for _, process in ipairs(dead) do bury(process) end
end
