package avatar

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/draw"
	_ "image/gif"  // supported formats
	_ "image/jpeg" //
	_ "image/png"  //
	"io"
	"time"

	scale "golang.org/x/image/draw"
	_ "golang.org/x/image/webp" //
)

// Errors of Prepare and CheckHeader.
var (
	ErrTooLarge = errors.New("the file is larger than is taken")
	ErrPixels   = errors.New("the picture has more pixels than are taken")
	ErrFormat   = errors.New("the file is no PNG, JPEG, GIF or WebP picture, or a damaged one")
)

// Limits are the limits of Prepare.
type Limits struct {
	MaxBytes  int64
	MaxPixels int64 // width times height
}

const maxSide = 1 << 16

// decodeTime is the time limit for decoding, far more than any real picture takes. A progressive JPEG can contain millions of scans over all pixels.
const decodeTime = 20 * time.Second

// decoding limits memory to that of one picture at a time. A progressive JPEG takes twelve bytes per pixel.
var decoding = make(chan struct{}, 1)

// Prepare decodes an uploaded picture, turns it upright, crops it to a square and scales it to Size. The format is detected from the content. Of
// several frames it takes the first, but it refuses animated WebPs. The reader must be fast, not a client's connection, because other calls wait
// for this one. The error is ErrTooLarge, ErrPixels, ErrFormat, the context's cause or wraps the reader's.
func Prepare(ctx context.Context, r io.Reader, l Limits) ([]byte, error) {
	select {
	case decoding <- struct{}{}:
		defer func() { <-decoding }()
	case <-ctx.Done():
		return nil, fmt.Errorf("waiting to decode a picture: %w", ctx.Err())
	}
	data, err := io.ReadAll(io.LimitReader(r, l.MaxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read picture: %w", err)
	}
	if int64(len(data)) > l.MaxBytes {
		return nil, ErrTooLarge
	}
	if err := CheckHeader(bytes.NewReader(data), l); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, decodeTime, fmt.Errorf("%w: it takes too long to decode", ErrFormat))
	defer cancel()
	img, err := decode(ctx, data)
	if err != nil {
		return nil, err
	}
	return encode(turn(square(img), orientation(data)))
}

// headerMax limits the bytes read to find a picture's dimensions. What cameras write before them (EXIF, previews, colour profiles) is smaller.
const headerMax = 1 << 20

// CheckHeader checks a picture's format and dimensions, reading only its header. The error is ErrPixels, ErrFormat or wraps the reader's.
func CheckHeader(r io.Reader, l Limits) (err error) {
	defer refusePanic(&err)
	source := &sourceError{r: io.LimitReader(r, headerMax)}
	buffered := bufio.NewReader(source)
	start, _ := buffered.Peek(webPStart) // a failure recurs below
	animated := isAnimatedWebP(start)
	c, _, err := image.DecodeConfig(buffered)
	switch {
	case source.err != nil:
		return fmt.Errorf("read picture: %w", source.err)
	case err != nil:
		return fmt.Errorf("%w: %w", ErrFormat, err)
	case c.Width <= 0 || c.Height <= 0 || animated:
		return ErrFormat
	case c.Width > maxSide || c.Height > maxSide || int64(c.Width)*int64(c.Height) > l.MaxPixels:
		return ErrPixels
	}
	return nil
}

// sourceError keeps the reader's error apart from the decoder's.
type sourceError struct {
	r   io.Reader
	err error
}

func (s *sourceError) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		s.err = err
	}
	return n, err
}

const (
	webPStart     = webPFlags + 1 // bytes of a WebP up to its flags
	webPFlags     = 20
	webPAnimation = 1 << 1
)

// isAnimatedWebP reports whether the animation flag of a WebP's VP8X header is set (WebP container specification, extended file format).
func isAnimatedWebP(data []byte) bool {
	return len(data) > webPFlags && string(data[:4]) == "RIFF" && string(data[8:16]) == "WEBPVP8X" && data[webPFlags]&webPAnimation != 0
}

// decode stops with the context's cause when the context is done.
func decode(ctx context.Context, data []byte) (img image.Image, err error) {
	defer refusePanic(&err)
	img, _, err = image.Decode(&stoppable{ctx, bytes.NewReader(data)})
	if ctx.Err() != nil {
		return nil, fmt.Errorf("decode picture: %w", context.Cause(ctx))
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	if img.Bounds().Empty() {
		return nil, ErrFormat
	}
	return img, nil
}

// stoppable is a reader that fails when its context is done, which stops a decoder.
type stoppable struct {
	ctx  context.Context
	data io.Reader
}

func (s *stoppable) Read(p []byte) (int, error) {
	if s.ctx.Err() != nil {
		return 0, context.Cause(s.ctx)
	}
	return s.data.Read(p)
}

// refusePanic turns a decoder's panic on a crafted file into an error.
func refusePanic(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("%w: decoder: %v", ErrFormat, p)
	}
}

// square crops a picture to its middle square and scales it.
func square(img image.Image) *image.RGBA {
	b := img.Bounds()
	side := min(b.Dx(), b.Dy())
	from := image.Rect(0, 0, side, side).Add(b.Min).Add(image.Pt((b.Dx()-side)/2, (b.Dy()-side)/2))
	out := image.NewRGBA(image.Rect(0, 0, Size, Size))
	scale.CatmullRom.Scale(out, out.Bounds(), img, from, draw.Src, nil)
	return out
}

// turn turns a square picture upright by its EXIF orientation. Orientations 5 to 8 swap the axes. Each four are, in order: unchanged, mirrored
// horizontally, rotated by 180 degrees and mirrored vertically.
func turn(img *image.RGBA, orientation int) *image.RGBA {
	if orientation <= 1 || orientation > 8 {
		return img
	}
	out := image.NewRGBA(img.Bounds())
	last := Size - 1
	for y := range Size {
		for x := range Size {
			fromX, fromY := x, y
			switch orientation {
			case 2:
				fromX = last - x
			case 3:
				fromX, fromY = last-x, last-y
			case 4:
				fromY = last - y
			case 5:
				fromX, fromY = y, x
			case 6:
				fromX, fromY = y, last-x
			case 7:
				fromX, fromY = last-y, last-x
			case 8:
				fromX, fromY = last-y, x
			}
			out.SetRGBA(x, y, img.RGBAAt(fromX, fromY))
		}
	}
	return out
}
