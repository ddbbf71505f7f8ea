package avatar

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"testing"
	"time"
)

// scans makes a progressive JPEG, white, of one component and this many scans that change nothing.
func scans(side uint16, count int) []byte {
	b := append([]byte{0xFF, 0xD8, 0xFF, 0xDB, 0, 67, 0}, bytes.Repeat([]byte{1}, 64)...)
	b = append(b, 0xFF, 0xC2, 0, 11, 8)
	b = binary.BigEndian.AppendUint16(b, side)
	b = binary.BigEndian.AppendUint16(b, side)
	b = append(b, 1, 1, 0x11, 0)
	// The only code of the AC table, "0", is a run of 1<<14 empty blocks and as many more as the next 14 bits say.
	b = append(b, 0xFF, 0xC4, 0, 20, 0x10, 1)
	b = append(append(b, make([]byte, 15)...), 0xE0)
	for range count {
		b = append(b, 0xFF, markerScan, 0, 8, 1, 1, 0, 1, 63, 0, 0, 1)
	}
	return append(b, 0xFF, 0xD9)
}

func TestDecodingStopsWithItsContext(t *testing.T) {
	data := scans(512, 10_000)
	if _, err := decode(context.Background(), scans(512, 3)); err != nil {
		t.Fatalf("the picture is no picture: %v", err)
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	own, reads := errors.New("own"), 0
	midway := &stoppable{ctx, readerFunc(func(p []byte) (int, error) {
		if reads++; reads == 2 {
			cancel(own)
		}
		return copy(p, data), nil
	})}
	if _, err := io.Copy(io.Discard, midway); !errors.Is(err, own) || reads != 2 {
		t.Fatal(err, reads)
	}
	if _, err := decode(ctx, data); !errors.Is(err, own) {
		t.Fatal(err)
	}
	tooLate, cancelLate := context.WithDeadlineCause(context.Background(), time.Unix(0, 0), ErrFormat)
	defer cancelLate()
	if _, err := decode(tooLate, data); !errors.Is(err, ErrFormat) {
		t.Fatal(err)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func TestWaitingForADecoderEndsWithTheContext(t *testing.T) {
	for range cap(decoding) {
		decoding <- struct{}{}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	data := pngOf(t, corner(4, 4))
	if _, err := Prepare(ctx, bytes.NewReader(data), limits); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	for range cap(decoding) {
		<-decoding
	}
	if _, err := prepare(data); err != nil { // whoever left took no place with them
		t.Fatal(err)
	}
}

func TestAnimatedWebPIsRefused(t *testing.T) {
	const still = "VP8L\x17\x00\x00\x00\x2f\x00\x00\x00\x10\x07\x10\x11\x11\x88\x88\xfe\x07\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	for flags, want := range map[byte]error{0: nil, 1 << 1: ErrFormat} {
		data := []byte("RIFF\x00\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00" + string(flags) + "\x00\x00\x00\x00\x00\x00\x00\x00\x00" + still)
		binary.LittleEndian.PutUint32(data[4:], uint32(len(data)-8))
		if _, err := prepare(data); !errors.Is(err, want) {
			t.Errorf("flags %d: %v, want %v", flags, err, want)
		}
	}
}

func TestOrientationBehindFillBytes(t *testing.T) {
	file := withExif(jpegOf(t, corner(8, 8)), binary.BigEndian, 6)
	filled := append([]byte{0xFF, markerStart, 0xFF, 0xFF}, file[2:]...)
	if got := orientation(filled); got != 6 {
		t.Fatal(got)
	}
}
