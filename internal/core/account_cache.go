package core

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

// AccountCache holds what nearly every request asks for. It is the only place where invalidation happens, and it is
// by account: a sign-in is good only as long as the account entry that it was read with is still the current one,
// so forgetting an account ends every cached session of it too. Other nodes' changes will come in through the same calls.
type AccountCache struct {
	mu       sync.Mutex // orders inserts against forgetting
	Epoch    atomic.Uint64
	Accounts *otter.Cache[string, *CachedAccount]
	Sessions *otter.Cache[TokenHash, *CachedSession]
	counter  *stats.Counter
	told     atomic.Pointer[[]func(userIDs []string)] // of everything that is forgotten
}

// TokenHash is what is kept of a session's, an access or a mailed token.
type TokenHash = [sha256.Size]byte

// HashToken returns the SHA-256 of a token.
func HashToken(token string) TokenHash { return sha256.Sum256([]byte(token)) }

// CachedAccount is a user row and the encodings made of it so far.
type CachedAccount struct {
	User  *muster.User
	views [16]atomic.Pointer[View]
}

// CachedSession is a session together with the account entry that it was valid for.
type CachedSession struct {
	Session *muster.Session
	Account *CachedAccount
}

// View is a user as some reader sees it, encoded, with the entity tag of exactly these bytes.
type View struct {
	JSON []byte
	ETag string
}

func newAccountCache() *AccountCache {
	counter := stats.NewCounter()
	return &AccountCache{
		Accounts: otter.Must(&otter.Options[string, *CachedAccount]{MaximumSize: cachedAccounts, StatsRecorder: counter}),
		Sessions: otter.Must(&otter.Options[TokenHash, *CachedSession]{MaximumSize: cachedSignIns, StatsRecorder: counter}),
		counter:  counter,
	}
}

// Insert runs put unless something was forgotten since epoch was read: then what was loaded may be stale.
func (c *AccountCache) Insert(epoch uint64, put func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.Epoch.Load() == epoch {
		put()
	}
}

// Forget drops accounts and, with them, their sign-ins. Call it after the commit and before the answer.
func (c *AccountCache) Forget(userIDs ...string) {
	c.drop(userIDs)
	c.tell(userIDs)
}

func (c *AccountCache) drop(userIDs []string) {
	if len(userIDs) == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.Epoch.Add(1)
	for _, id := range userIDs {
		c.Accounts.Invalidate(id)
	}
}

// ForgetAll drops everything.
func (c *AccountCache) ForgetAll() {
	c.dropAll()
	c.tellAll()
}

func (c *AccountCache) dropAll() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.Epoch.Add(1)
	c.Accounts.InvalidateAll()
	c.Sessions.InvalidateAll()
}

// OnForget has fn called after accounts were forgotten, with their ids; nil for all.
func (c *AccountCache) OnForget(fn func(userIDs []string)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []func([]string)
	if old := c.told.Load(); old != nil {
		all = slices.Clone(*old)
	}
	all = append(all, fn)
	c.told.Store(&all)
}

func (c *AccountCache) tell(userIDs []string) {
	if len(userIDs) > 0 {
		c.tellOf(userIDs)
	}
}

func (c *AccountCache) tellAll() { c.tellOf(nil) }

func (c *AccountCache) tellOf(userIDs []string) {
	if all := c.told.Load(); all != nil {
		for _, fn := range *all {
			fn(userIDs)
		}
	}
}

// CacheStats returns the hits and misses of the account and sign-in caches since the start.
func (c *Core) CacheStats() (hits, misses uint64) {
	s := c.Cache.counter.Snapshot()
	return s.Hits, s.Misses
}

// Account reads a user through the cache. The user must not be changed: Clone it.
func (c *Core) Account(ctx context.Context, id string) (*CachedAccount, error) {
	if acc, ok := c.Cache.Accounts.GetIfPresent(id); ok {
		return acc, nil
	}
	if !muster.ValidID(id) {
		return nil, muster.E(muster.NotFound, NoAccount)
	}
	epoch := c.Cache.Epoch.Load()
	u, err := c.store.User(ctx, id)
	if err != nil {
		return nil, MissingAccount(err)
	}
	acc := &CachedAccount{User: u}
	c.Cache.Insert(epoch, func() { c.Cache.Accounts.Set(id, acc) })
	return acc, nil
}

// User reads a user through the cache; kind NotFound. The user must not be changed: Clone it.
func (c *Core) User(ctx context.Context, id string) (*muster.User, error) {
	acc, err := c.Account(ctx, id)
	if err != nil {
		return nil, err
	}
	return acc.User, nil
}

// View encodes the account for a reader, once for each way of seeing it.
func (acc *CachedAccount) View(v muster.Visibility) (*View, error) {
	slot := &acc.views[viewSlot(v)]
	if p := slot.Load(); p != nil {
		return p, nil
	}
	p, err := NewView(acc.User.Sanitized(v))
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
