// Drives a fake Slack through Slack's own client. Usage: node check.mjs API_URL TOKEN CHANNEL_ID
// The server is to answer the first chat.delete with 429 and Retry-After: 7. Every step is checked; the first that fails ends the process with its name.
import assert from 'node:assert/strict';
import { WebClient, ErrorCode } from '@slack/web-api';

const [slackApiUrl, token, channel] = process.argv.slice(2);
const options = { slackApiUrl, retryConfig: { retries: 0 }, rejectRateLimitedCalls: true, logLevel: 'error' };
const slack = new WebClient(token, options);

async function step(name, run) {
  try {
    await run();
    console.log('ok', name);
  } catch (err) {
    console.error('FAILED', name, err);
    process.exit(1);
  }
}

async function refused(promise, code) {
  await assert.rejects(promise, (err) => {
    assert.equal(err.code, ErrorCode.PlatformError);
    assert.equal(err.data.error, code);
    return true;
  });
}

let ts;
let file;
const png = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');

await step('auth.test gives scopes', async () => {
  const r = await slack.auth.test();
  assert.ok(r.ok && r.bot_id);
  assert.ok(r.response_metadata.scopes.includes('chat:write'));
});
await step('a wrong token is refused', () => refused(new WebClient('xoxb-wrong', options).auth.test(), 'invalid_auth'));
await step('chat.postMessage with metadata and blocks', async () => {
  const r = await slack.chat.postMessage({
    channel,
    text: 'one',
    blocks: [{ type: 'section', text: { type: 'mrkdwn', text: '*one*' } }],
    metadata: { event_type: 'tidewatch_notice', event_payload: { key: 'k', version: 1 } },
  });
  ts = r.ts;
  assert.match(ts, /^\d{10}\.\d{6}$/);
  assert.equal(r.channel, channel);
});
await step('blocks are checked', () =>
  refused(slack.chat.postMessage({ channel, text: 'x', blocks: [{ type: 'header', text: { type: 'plain_text', text: 'x'.repeat(151) } }] }), 'invalid_blocks'));
await step('an unknown channel is refused', () => refused(slack.chat.postMessage({ channel: 'C0NOWHERE0', text: 'x' }), 'channel_not_found'));
await step('a reply in the thread', async () => {
  const r = await slack.chat.postMessage({ channel, thread_ts: ts, text: 'reply' });
  const all = await slack.conversations.replies({ channel, ts });
  assert.deepEqual(all.messages.map((m) => m.ts), [ts, r.ts]);
});
await step('chat.update', async () => {
  await slack.chat.update({ channel, ts, text: 'two' });
});
await step('conversations.history with metadata, page by page', async () => {
  for (let i = 0; i < 4; i += 1) await slack.chat.postMessage({ channel, text: `more ${i}` });
  const found = [];
  for await (const page of slack.paginate('conversations.history', { channel, limit: 2, include_all_metadata: true })) found.push(...page.messages);
  assert.equal(found.length, 5);
  const mine = found.find((m) => m.ts === ts);
  assert.equal(mine.text, 'two');
  assert.equal(mine.metadata.event_payload.key, 'k');
});
await step('chat.getPermalink', async () => {
  const r = await slack.chat.getPermalink({ channel, message_ts: ts });
  assert.ok(r.permalink.includes(ts));
});
await step('conversations.list and .info', async () => {
  const r = await slack.conversations.list();
  assert.ok(r.channels.some((c) => c.id === channel && c.is_member));
  assert.equal((await slack.conversations.info({ channel })).channel.id, channel);
});
await step('an upload in three steps, then shown in a message', async () => {
  const r = await slack.files.uploadV2({ filename: 'dot.png', file: png, alt_text: 'a dot' });
  file = r.files[0].files[0].id;
  await slack.chat.postMessage({ channel, text: 'chart', blocks: [{ type: 'image', alt_text: 'a dot', slack_file: { id: file } }] });
});
await step('a 429 is understood', async () => {
  await assert.rejects(slack.chat.delete({ channel, ts }), (err) => {
    assert.equal(err.code, ErrorCode.RateLimitedError);
    assert.equal(err.retryAfter, 7);
    return true;
  });
});
