package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/maypok86/otter/v2"
	"github.com/maypok86/otter/v2/stats"

	"muster"
)

// How many entries each cache keeps; an account with its sessions takes a few KiB.
const (
	cachedAccounts = 20_000
	cachedSignIns  = 50_000
)

// cache holds what nearly every request asks for. It is the only place where invalidation happens, and it is
// by account: a sign-in is good only as long as the account entry that it was read with is still the current one,
// so forgetting an account ends every cached session of it too. Other nodes' changes will come in through the same calls.
type cache struct {
	mu       sync.Mutex // orders inserts against forgetting
	epoch    atomic.Uint64
	accounts *otter.Cache[string, *account]
	signIns  *otter.Cache[tokenHash, *signIn]
	counter  *stats.Counter
	told     atomic.Pointer[[]func(userIDs []string)] // of everything that is forgotten
}

// tokenHash is what is kept of a session's, an access or a mailed token.
type tokenHash = [sha256.Size]byte

func hashToken(token string) tokenHash { return sha256.Sum256([]byte(token)) }

// account is a user row and the encodings made of it so far.
type account struct {
	user  *muster.User
	views [16]atomic.Pointer[View]
}

// signIn is a session together with the account entry that it was valid for.
type signIn struct {
	session *muster.Session
	account *account
}

// View is a user as some reader sees it, encoded, with the entity tag of exactly these bytes.
type View struct {
	JSON []byte
	ETag string
}

func newCache() *cache {
	counter := stats.NewCounter()
	return &cache{
		accounts: otter.Must(&otter.Options[string, *account]{MaximumSize: cachedAccounts, StatsRecorder: counter}),
		signIns:  otter.Must(&otter.Options[tokenHash, *signIn]{MaximumSize: cachedSignIns, StatsRecorder: counter}),
		counter:  counter,
	}
}

// insert runs put unless something was forgotten since epoch was read: then what was loaded may be stale.
func (c *cache) insert(epoch uint64, put func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.epoch.Load() == epoch {
		put()
	}
}

// forget drops accounts and, with them, their sign-ins. Call it after the commit and before the answer.
func (c *cache) forget(userIDs ...string) {
	if len(userIDs) == 0 {
		return
	}
	c.drop(userIDs)
	c.tell(userIDs)
}

func (c *cache) drop(userIDs []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.epoch.Add(1)
	for _, id := range userIDs {
		c.accounts.Invalidate(id)
	}
}

// forgetAll drops everything.
func (c *cache) forgetAll() {
	c.dropAll()
	c.tell(nil)
}

func (c *cache) dropAll() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.epoch.Add(1)
	c.accounts.InvalidateAll()
	c.signIns.InvalidateAll()
}

// onForget has fn called with every later forgetting, after it.
func (c *cache) onForget(fn func(userIDs []string)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []func([]string)
	if old := c.told.Load(); old != nil {
		all = slices.Clone(*old)
	}
	all = append(all, fn)
	c.told.Store(&all)
}

func (c *cache) tell(userIDs []string) {
	if all := c.told.Load(); all != nil {
		for _, fn := range *all {
			fn(userIDs)
		}
	}
}

// CacheStats gives the hits and misses of the account and sign-in caches since the start.
func (a *App) CacheStats() (hits, misses uint64) {
	s := a.cache.counter.Snapshot()
	return s.Hits, s.Misses
}

// account reads a user through the cache. The user must not be changed: Clone it.
func (a *App) account(ctx context.Context, id string) (*account, error) {
	if acc, ok := a.cache.accounts.GetIfPresent(id); ok {
		return acc, nil
	}
	if !muster.ValidID(id) {
		return nil, muster.E(muster.NotFound, "app.user.missing_account.const")
	}
	epoch := a.cache.epoch.Load()
	u, err := a.store.User(ctx, id)
	if err != nil {
		return nil, missingAccount(err)
	}
	acc := &account{user: u}
	a.cache.insert(epoch, func() { a.cache.accounts.Set(id, acc) })
	return acc, nil
}

// user reads a user through the cache; kind NotFound. The user must not be changed: Clone it.
func (a *App) user(ctx context.Context, id string) (*muster.User, error) {
	acc, err := a.account(ctx, id)
	if err != nil {
		return nil, err
	}
	return acc.user, nil
}

// view encodes the account for a reader, once for each way of seeing it.
func (acc *account) view(v muster.Visibility) (*View, error) {
	slot := &acc.views[viewSlot(v)]
	if p := slot.Load(); p != nil {
		return p, nil
	}
	p, err := NewView(acc.user.For(v))
	if err != nil {
		return nil, err
	}
	slot.Store(p)
	return p, nil
}

func viewSlot(v muster.Visibility) (slot int) {
	for i, on := range []bool{v.Self, v.Admin, v.Email, v.FullName} {
		if on {
			slot |= 1 << i
		}
	}
	return slot
}

// NewView encodes any answer and tags it by its content, so that a tag can't outlive a change.
func NewView(v any) (*View, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode answer: %w", err)
	}
	sum := sha256.Sum256(b)
	return &View{JSON: b, ETag: `"` + hex.EncodeToString(sum[:12]) + `"`}, nil
}
