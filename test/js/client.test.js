// The published JavaScript client of the reference API against a real server: what the first screens of an application do.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import mattermost from '@mattermost/client';

import { startServer } from './server.js';

const password = 'Passw0rd!test';
const pixel = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');

let server;
let admin; // the client of the first account
let me; // the first account

before(async () => {
    server = await startServer();
    admin = connect();
    me = await admin.createUser(account('ada', { first_name: 'Ada', last_name: 'Lovelace' }));
    await admin.login('ada', password);
});

after(() => server.stop());

function connect() {
    const client = new mattermost.Client4();
    client.setUrl(server.url);
    return client;
}

function account(username, more) {
    return { username, email: `${username}@example.com`, password, ...more };
}

// signedUp makes an account by its own hand and signs it in.
async function signedUp(username, more) {
    const client = connect();
    const user = await client.createUser(account(username, more));
    await client.login(username, password);
    return { client, user };
}

const usernames = (users) => users.map((user) => user.username);

const refused = (status, id) => (error) => {
    assert.equal(error.status_code, status);
    assert.equal(error.server_error_id, id);
    assert.ok(error.message, 'a message for people');
    return true;
};

test('a client finds out what it talks to before anybody signs in', async () => {
    const client = connect();
    assert.equal((await client.ping(false)).status, 'OK');
    const config = await client.getClientConfig();
    assert.equal(config.EnableOpenServer, 'true');
    assert.equal(config.EnableSignInWithEmail, 'true');
    assert.deepEqual(await client.getClientLicenseOld(), { IsLicensed: 'false' });
});

test('the first account rules, the next ones are ordinary', async () => {
    assert.match(me.id, /^[a-z0-9]{26}$/);
    assert.deepEqual(me.roles.split(' ').sort(), ['system_admin', 'system_user']);
    assert.equal(me.password ?? '', '');
    const { user } = await signedUp('bob');
    assert.equal(user.roles, 'system_user');
});

test('sign-in by name, e-mail and id', async () => {
    for (const name of ['ada', 'ADA', 'ada@example.com']) {
        const client = connect();
        const user = await client.login(name, password);
        assert.equal(user.id, me.id);
        assert.ok(client.getToken(), 'the token comes with the answer');
        assert.equal((await client.getMe()).id, me.id);
    }
    assert.equal((await connect().loginById(me.id, password)).id, me.id);
});

test('a wrong password gets the error object', async () => {
    await assert.rejects(connect().login('ada', 'wrong'), refused(401, 'api.user.login.invalid_credentials_email_username'));
    await assert.rejects(connect().getMe(), refused(401, 'api.context.session_expired.app_error'));
});

test('names are taken whatever their letter case', async () => {
    await assert.rejects(admin.createUser(account('ADA', { email: 'other@example.com' })), refused(400, 'app.user.save.username_exists.app_error'));
    await assert.rejects(admin.createUser(account('other', { email: 'Ada@Example.com' })), refused(400, 'app.user.save.email_exists.app_error'));
});

test('reading and changing oneself', async () => {
    const { client, user } = await signedUp('carol');
    const patched = await client.patchMe({ nickname: 'Caz', position: 'Astronomer' });
    assert.equal(patched.nickname, 'Caz');
    assert.ok(patched.update_at > user.update_at);
    const read = await client.getMe();
    assert.equal(read.nickname, 'Caz');
    assert.equal(read.position, 'Astronomer');
    assert.equal(read.email, 'carol@example.com');
    assert.equal((await client.getUserByUsername('carol')).id, user.id);
    assert.equal((await admin.getUserByEmail('carol@example.com')).id, user.id);
    await assert.rejects(client.patchUser({ id: me.id, nickname: 'Mine' }), refused(403, 'api.context.permissions.app_error'));
    assert.equal((await admin.getMe()).nickname, '');
});

test('search and autocompletion find by the beginning of any name', async () => {
    const { client, user } = await signedUp('grace', { first_name: 'Grace', last_name: 'Hopperton' });
    for (const term of ['gra', 'Hopper', 'hoppert']) {
        assert.deepEqual(usernames(await client.searchUsers(term, {})), ['grace'], term);
        const { users } = await client.autocompleteUsers(term, undefined, undefined);
        assert.deepEqual(usernames(users), ['grace'], term);
    }
    assert.deepEqual(await client.searchUsers('opperton', {}), []);
    await admin.updateUserActive(user.id, false);
    assert.deepEqual(await admin.searchUsers('hoppert', {}), []);
    assert.deepEqual(usernames(await admin.searchUsers('hoppert', { allow_inactive: true })), ['grace']);
});

test('pages of the list hold everybody once, in order', async () => {
    for (const n of [1, 2, 3, 4, 5]) {
        await admin.createUser(account(`page${n}`));
    }
    const gone = await admin.createUser(account('gone'));
    await admin.updateUserActive(gone.id, false);
    const seen = [];
    for (let page = 0; ; page++) {
        const users = await admin.getProfiles(page, 3);
        assert.ok(users.length <= 3);
        if (users.length === 0) {
            break;
        }
        seen.push(...usernames(users));
    }
    const everybody = usernames(await admin.getProfiles(0, 200));
    assert.deepEqual(seen, everybody);
    assert.deepEqual(everybody, [...everybody].sort());
    assert.equal(new Set(everybody).size, everybody.length);
    assert.deepEqual(everybody.filter((name) => name.startsWith('page')), ['page1', 'page2', 'page3', 'page4', 'page5']);
    const active = await admin.getProfiles(0, 200, { active: true });
    assert.equal((await admin.getTotalUsersStats()).total_users_count, active.length);
    assert.ok(active.length < everybody.length, 'deactivated accounts are listed, too');
});

test('many at once, by id and by name', async () => {
    const { user } = await signedUp('dora');
    const wanted = [me.id, user.id];
    assert.deepEqual((await admin.getProfilesByIds(wanted)).map((found) => found.id).sort(), wanted.sort());
    assert.deepEqual(usernames(await admin.getProfilesByIds([user.id], { since: 1 })), ['dora']);
    assert.deepEqual(await admin.getProfilesByIds([user.id], { since: Date.now() + 60_000 }), []);
    assert.deepEqual(usernames(await admin.getProfilesByUsernames(['dora', 'nobody'])), ['dora']);
});

test('a picture is drawn, set and taken away', async () => {
    const { client, user } = await signedUp('eve');
    const picture = async (url) => {
        const answer = await fetch(url, { headers: { Authorization: `Bearer ${client.getToken()}` } });
        assert.equal(answer.status, 200);
        assert.equal(answer.headers.get('Content-Type'), 'image/png');
        return Buffer.from(await answer.arrayBuffer());
    };
    const drawn = await picture(client.getDefaultProfilePictureUrl(user.id));
    assert.deepEqual(await picture(client.getProfilePictureUrl(user.id)), drawn);

    assert.deepEqual(await client.uploadProfileImage(user.id, new File([pixel], 'me.png', { type: 'image/png' })), { status: 'OK' });
    const changed = (await client.getMe()).last_picture_update;
    assert.ok(changed > 0);
    assert.notDeepEqual(await picture(client.getProfilePictureUrl(user.id, changed)), drawn);

    await assert.rejects(
        client.uploadProfileImage(user.id, new File(['not a picture'], 'me.png', { type: 'image/png' })),
        (error) => error.status_code === 400 && error.server_error_id.startsWith('api.user.upload_profile_user.'),
    );
    assert.deepEqual(await client.setDefaultProfileImage(user.id), { status: 'OK' });
    assert.deepEqual(await picture(client.getProfilePictureUrl(user.id)), drawn);
});

test('sessions are listed, revoked and ended', async () => {
    const { client, user } = await signedUp('frank');
    const other = connect();
    await other.login('frank', password);

    const sessions = await client.getSessions(user.id);
    assert.equal(sessions.length, 2);
    assert.ok(sessions.every((session) => session.user_id === user.id && session.token === ''));
    const newest = sessions.reduce((a, b) => (a.create_at > b.create_at ? a : b));
    assert.deepEqual(await client.revokeSession(user.id, newest.id), { status: 'OK' });
    await assert.rejects(other.getMe(), refused(401, 'api.context.session_expired.app_error'));
    assert.equal((await client.getSessions(user.id)).length, 1);

    const token = client.getToken();
    assert.equal((await client.logout()).status, 200);
    client.setToken(token);
    await assert.rejects(client.getMe(), refused(401, 'api.context.session_expired.app_error'));
});

test('teams hold people together', async () => {
    const team = await admin.createTeam({ name: 'observatory', display_name: 'Observatory', type: 'O' });
    const { client, user } = await signedUp('hedy');
    assert.deepEqual(await client.getMyTeams(), []);
    assert.equal((await admin.addToTeam(team.id, user.id)).user_id, user.id);
    assert.deepEqual((await client.getMyTeams()).map((mine) => mine.name), ['observatory']);
    assert.ok((await admin.getTeams()).some((listed) => listed.id === team.id));
    assert.deepEqual(usernames(await client.getProfilesInTeam(team.id)), ['ada', 'hedy']);
    assert.deepEqual(usernames((await client.autocompleteUsers('hed', team.id)).users), ['hedy']);
});

test('statuses and preferences, which the client asks for after sign-in', async () => {
    const { client, user } = await signedUp('iris');
    assert.equal((await client.getStatus(user.id)).user_id, user.id);
    const kept = { user_id: user.id, category: 'display_settings', name: 'use_military_time', value: 'true' };
    await client.savePreferences(user.id, [kept]);
    assert.ok((await client.getMyPreferences()).some((p) => p.name === kept.name && p.value === 'true'));
});

test('an administrator hears why no mail can be sent', async () => {
    await assert.rejects(admin.testEmail(null), refused(400, 'api.admin.test_email.missing_server'));
    await assert.rejects(admin.testEmail({ EmailSettings: { SMTPServer: '127.0.0.1', SMTPPort: '1' } }), refused(400, 'api.admin.test_email.failure'));
});
