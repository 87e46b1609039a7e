/**
 * The steps of the state in Valkey, one Lua script each, so that each is atomic. What a script does may change only together with
 * its version: workers of two releases use the store side by side. Key layout: services/crypto/README.md.
 */
import { valkeyScript } from "@s3eg/shared/runtime/valkey.ts";

/** KEYS: upload, attempts, parked, leaving, result. ARGV: record, ttl ms. 1, or 0 where the upload id has another record. */
export const CREATE = valkeyScript(`-- s3eg multipart create 1
local known = redis.call('HGET', KEYS[1], 'record')
if known then return known == ARGV[1] and 1 or 0 end
if redis.call('EXISTS', KEYS[5]) == 1 then return 0 end
redis.call('HSET', KEYS[1], 'record', ARGV[1], 'sequence', 0)
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
`);

/** What add and unpark share: how many bytes an upload has parked. */
const PARKED_BYTES = `
local function parkedBytes()
  local sum = 0
  for _, field in ipairs(redis.call('HKEYS', KEYS[3])) do
    sum = sum + redis.call('HSTRLEN', KEYS[3], field)
  end
  return sum
end
`;

/**
 * KEYS: upload, attempts, parked, leaving. ARGV: field, part number, value, ttl ms, most parked parts, '1' to park, ciphertext.
 * `{"unknown"}`, `{"void", number of the change, parked bytes of the upload}` or `{"added", sequence, parked bytes, field and attempt
 * that are surplus}`, where the sequence numbers the change, too. The same write come twice (a connection broke, the command was sent again) is one write.
 */
export const ADD = valkeyScript(`-- s3eg multipart add 1
${PARKED_BYTES}
if redis.call('EXISTS', KEYS[1]) == 0 then return {'unknown'} end
local field, part, value = ARGV[1], ARGV[2], ARGV[3]
local known = redis.call('HGET', KEYS[2], field)
local sequence
if known then
  local colon = string.find(known, ':', 1, true)
  if string.sub(known, colon + 1) ~= value then
    redis.call('HSET', KEYS[2], field, '0:')
    redis.call('HDEL', KEYS[3], field)
    redis.call('SREM', KEYS[4], field)
    return {'void', redis.call('HINCRBY', KEYS[1], 'sequence', 1), parkedBytes()}
  end
  sequence = tonumber(string.sub(known, 1, colon - 1))
else
  sequence = redis.call('HINCRBY', KEYS[1], 'sequence', 1)
  redis.call('HSET', KEYS[2], field, sequence .. ':' .. value)
  for _, other in ipairs(redis.call('HKEYS', KEYS[3])) do
    if string.sub(other, 1, #part + 1) == part .. '/' then
      redis.call('HDEL', KEYS[3], other)
      redis.call('SREM', KEYS[4], other)
    end
  end
  if ARGV[6] == '1' then redis.call('HSET', KEYS[3], field, ARGV[7]) end
end
local staying, lowest, lowestPart = 0, nil, nil
if ARGV[6] == '1' then
  for _, other in ipairs(redis.call('HKEYS', KEYS[3])) do
    if redis.call('SISMEMBER', KEYS[4], other) == 0 then
      staying = staying + 1
      local number = tonumber(string.sub(other, 1, string.find(other, '/', 1, true) - 1))
      if not lowestPart or number < lowestPart then lowest, lowestPart = other, number end
    end
  end
end
for index = 1, 4 do redis.call('PEXPIRE', KEYS[index], ARGV[4]) end
if staying <= tonumber(ARGV[5]) then return {'added', sequence, parkedBytes()} end
redis.call('SADD', KEYS[4], lowest)
redis.call('PEXPIRE', KEYS[4], ARGV[4])
return {'added', sequence, parkedBytes(), lowest, redis.call('HGET', KEYS[2], lowest)}
`);

/** KEYS: upload, attempts. Nil where there is no such upload, otherwise field, attempt, field, attempt … */
export const ATTEMPTS = valkeyScript(`-- s3eg multipart attempts 1
if redis.call('EXISTS', KEYS[1]) == 0 then return false end
return redis.call('HGETALL', KEYS[2])
`);

/**
 * KEYS: upload, attempts, parked, leaving. ARGV: field, value. Nil where there is no such upload, otherwise the number of this
 * change and the parked bytes of the upload.
 */
export const UNPARK = valkeyScript(`-- s3eg multipart unpark 1
${PARKED_BYTES}
if redis.call('EXISTS', KEYS[1]) == 0 then return false end
if redis.call('HDEL', KEYS[3], ARGV[1]) == 1 then
  redis.call('SREM', KEYS[4], ARGV[1])
  local known = redis.call('HGET', KEYS[2], ARGV[1])
  local colon = string.find(known, ':', 1, true)
  redis.call('HSET', KEYS[2], ARGV[1], string.sub(known, 1, colon) .. ARGV[2])
end
return {redis.call('HINCRBY', KEYS[1], 'sequence', 1), parkedBytes()}
`);

/** KEYS: upload, attempts, parked, leaving, result. ARGV: result, ttl ms. */
export const COMPLETE = valkeyScript(`-- s3eg multipart complete 1
redis.call('SET', KEYS[5], ARGV[1], 'PX', ARGV[2], 'NX')
return redis.call('UNLINK', KEYS[1], KEYS[2], KEYS[3], KEYS[4])
`);

/** What the scripts of the index share: the server's clock, and forgetting an upload's share of the parked bytes. */
const INDEX = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function shareOf(id)
  local share = redis.call('HGET', KEYS[2], id)
  if not share then return 0, 0 end
  local colon = string.find(share, ':', 1, true)
  return tonumber(string.sub(share, 1, colon - 1)), tonumber(string.sub(share, colon + 1))
end
local function setShare(id, change, bytes)
  local _, before = shareOf(id)
  redis.call('HSET', KEYS[2], id, string.format('%d:%d', change, bytes))
  redis.call('INCRBY', KEYS[3], string.format('%d', bytes - before))
end
local function forget(id)
  local _, bytes = shareOf(id)
  redis.call('ZREM', KEYS[1], id)
  redis.call('HDEL', KEYS[2], id)
  redis.call('DECRBY', KEYS[3], string.format('%d', bytes))
end
local function sweep()
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, 100)) do forget(id) end
end
`;

/** KEYS: uploads, shares, total. ARGV: upload id, ttl ms, bytes, most bytes. Lists the upload: 1, or 0 where the bytes do not fit. */
export const RESERVE = valkeyScript(`-- s3eg multipart reserve 1
${INDEX}
sweep()
local total = tonumber(redis.call('GET', KEYS[3]) or '0')
local more = tonumber(ARGV[3])
if more > 0 and total + more > tonumber(ARGV[4]) then return 0 end
if more > 0 then
  local change, bytes = shareOf(ARGV[1])
  setShare(ARGV[1], change, bytes + more)
end
redis.call('ZADD', KEYS[1], now + tonumber(ARGV[2]), ARGV[1])
return 1
`);

/**
 * KEYS: uploads, shares, total. ARGV: upload id, ttl ms, number of the change, bytes. Sets what the upload has parked, unless a later
 * change was told before: so a reservation that came to nothing is corrected by the upload's next change. An upload that ended
 * meanwhile stays forgotten.
 */
export const SETTLE = valkeyScript(`-- s3eg multipart settle 1
${INDEX}
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then return 0 end
redis.call('ZADD', KEYS[1], now + tonumber(ARGV[2]), ARGV[1])
local change = shareOf(ARGV[1])
if tonumber(ARGV[3]) >= change then setShare(ARGV[1], tonumber(ARGV[3]), tonumber(ARGV[4])) end
return 1
`);

/** KEYS: uploads, shares, total. ARGV: upload id. */
export const FORGET = valkeyScript(`-- s3eg multipart forget 1
${INDEX}
forget(ARGV[1])
return 1
`);

/** KEYS: uploads, shares, total. How many uploads there are. */
export const COUNT = valkeyScript(`-- s3eg multipart count 1
${INDEX}
sweep()
return redis.call('ZCARD', KEYS[1])
`);
