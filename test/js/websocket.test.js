// The published client's WebSocket against a real server: what each kind of account hears, and what it does not.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import mattermost from '@mattermost/client';
import { WebSocket } from 'ws';

import { startServer } from './server.js';

globalThis.WebSocket = WebSocket; // the client takes the browser's; Node.js 20 has none
console.log = () => {}; // it tells of every connection

const password = 'Passw0rd!test';

let server;
let admin;
let team;
let channel;
const people = {}; // name -> { client, user, hears }

before(async () => {
    server = await startServer({ MUSTER_GUESTACCOUNTSSETTINGS_ENABLE: 'true' });
    admin = await signedUp('root');
    team = await admin.client.createTeam({ name: 'people', display_name: 'People', type: 'O' });
    channel = await admin.client.createChannel({ team_id: team.id, name: 'together', display_name: 'Together', type: 'O' });
    for (const name of ['ann', 'bob', 'guest']) {
        people[name] = await signedUp(name);
        await admin.client.addToTeam(team.id, people[name].user.id);
    }
    // The guest is with ann in the channel and shares nothing with bob.
    await admin.client.demoteUserToGuest(people.guest.user.id);
    for (const shared of (await people.guest.client.getMyChannels(team.id)).filter((c) => c.team_id === team.id)) {
        if (shared.name !== 'town-square') {
            await admin.client.removeFromChannel(people.guest.user.id, shared.id);
        }
    }
    for (const name of ['ann', 'guest']) {
        await admin.client.addToChannel(people[name].user.id, channel.id);
    }
    await leaveTownSquare(people.bob);
    people.root = admin;
    for (const person of Object.values(people)) {
        person.hears = await listen(person.client);
    }
});

after(async () => {
    for (const person of Object.values(people)) {
        person.hears.close();
    }
    await server.stop();
});

async function signedUp(username) {
    const client = new mattermost.Client4();
    client.setUrl(server.url);
    const user = await client.createUser({ username, email: `${username}@example.com`, password });
    await client.login(username, password);
    return { client, user };
}

// leaveTownSquare takes a person out of the one channel that everybody of a team is in: by leaving the team.
async function leaveTownSquare({ user }) {
    await admin.client.removeFromTeam(team.id, user.id);
}

// listen opens a WebSocket as the web application does and resolves once the server has said hello.
async function listen(client) {
    const socket = new mattermost.WebSocketClient();
    const heard = [];
    const waiting = new Set();
    socket.addMessageListener((message) => {
        heard.push(message);
        waiting.forEach((look) => look());
    });
    const hears = {
        heard,
        socket,
        close: () => socket.close(),
        // next resolves with the first event that is as asked for, heard already or to come.
        next: (what, wanted) => new Promise((resolve) => {
            const look = () => {
                const found = heard.find(wanted);
                if (found) {
                    waiting.delete(look);
                    resolve(found);
                }
            };
            waiting.add(look);
            look();
        }),
    };
    socket.initialize(server.url.replace('http', 'ws') + '/api/v4/websocket', client.getToken());
    await hears.next('hello', (m) => m.event === 'hello');
    return hears;
}

const updateOf = (user, nickname) => (m) => m.event === 'user_updated' && m.data.user.id === user.id && m.data.user.nickname === nickname;

// aVisibleMark makes everybody hear something and waits until they did: whatever was to come before it has come.
async function aVisibleMark(nickname) {
    await people.ann.client.patchMe({ nickname });
    await Promise.all(Object.values(people).map(({ hears }) => hears.next('mark', updateOf(people.ann.user, nickname))));
}

test('hello is the first event and numbers go on without a gap', async () => {
    await aVisibleMark('numbers');
    for (const { hears } of Object.values(people)) {
        assert.equal(hears.heard[0].event, 'hello');
        assert.match(hears.heard[0].data.connection_id, /^[a-z0-9]{26}$/);
        assert.deepEqual(hears.heard.map((m) => m.seq), hears.heard.map((_, i) => i));
    }
});

test('typing reaches the channel and not the typist or outsiders', async () => {
    people.ann.hears.socket.userTyping(channel.id, '');
    const event = await people.guest.hears.next('typing', (m) => m.event === 'typing');
    assert.deepEqual(event.data, { parent_id: '', user_id: people.ann.user.id });
    assert.equal(event.broadcast.channel_id, channel.id);
    await people.root.hears.next('typing', (m) => m.event === 'typing'); // the channel's creator
    await aVisibleMark('after typing');
    for (const name of ['ann', 'bob']) {
        assert.ok(!people[name].hears.heard.some((m) => m.event === 'typing'), name);
    }
});

test('a changed profile is told to each with what they may see', async () => {
    await admin.client.patchConfig({ PrivacySettings: { ShowEmailAddress: false, ShowFullName: false } });
    await people.ann.client.patchMe({ nickname: 'private', first_name: 'Ann' });
    const seen = async (name) => (await people[name].hears.next('update', updateOf(people.ann.user, 'private'))).data.user;
    const [self, other, guest, administrator] = await Promise.all(['ann', 'bob', 'guest', 'root'].map(seen));
    assert.equal(self.email, 'ann@example.com');
    assert.ok(self.notify_props);
    assert.equal(administrator.first_name, 'Ann');
    assert.equal(administrator.email, 'ann@example.com');
    for (const stranger of [other, guest]) {
        assert.equal(stranger.email, '');
        assert.equal(stranger.first_name, '');
        assert.equal(stranger.notify_props, undefined);
    }
    for (const user of [self, other, guest, administrator]) {
        assert.ok(!user.password && !user.mfa_secret);
    }
});

test('a guest hears of nobody that it shares no channel with', async () => {
    await people.bob.client.patchMe({ nickname: 'unseen' });
    await people.ann.hears.next('update of bob', updateOf(people.bob.user, 'unseen'));
    const { user: stranger } = await signedUp('stranger');
    const isNew = (m) => m.event === 'new_user' && m.data.user_id === stranger.id;
    await Promise.all(['ann', 'bob', 'root'].map((name) => people[name].hears.next('new_user', isNew)));
    await aVisibleMark('after strangers');
    assert.ok(!people.guest.hears.heard.some(isNew));
    assert.ok(!people.guest.hears.heard.some(updateOf(people.bob.user, 'unseen')));
});

test('roles and statuses are told to their owner alone', async () => {
    await admin.client.updateUserRoles(people.bob.user.id, 'system_user system_user_access_token');
    const roles = await people.bob.hears.next('roles', (m) => m.event === 'user_role_updated');
    assert.deepEqual(roles.data, { user_id: people.bob.user.id, roles: 'system_user system_user_access_token' });
    await people.bob.client.updateStatus({ user_id: people.bob.user.id, status: 'dnd' });
    const status = await people.bob.hears.next('status', (m) => m.event === 'status_change' && m.data.status === 'dnd');
    assert.equal(status.data.user_id, people.bob.user.id);
    await aVisibleMark('after roles');
    for (const name of ['ann', 'guest', 'root']) {
        const { heard } = people[name].hears;
        assert.ok(!heard.some((m) => m.event === 'user_role_updated'), name);
        assert.ok(!heard.some((m) => m.event === 'status_change' && m.data.user_id === people.bob.user.id), name);
    }
});

test('a revoked session\'s socket closes', async () => {
    const { client, user } = await signedUp('leaver');
    const hears = await listen(client);
    const closed = new Promise((resolve) => { hears.socket.addCloseListener(resolve); });
    await admin.client.revokeAllSessionsForUser(user.id);
    await closed;
    hears.close();
});
