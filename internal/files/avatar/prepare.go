package avatar

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/draw"
	_ "image/gif"  // the formats that people upload
	_ "image/jpeg" //
	_ "image/png"  //
	"io"
	"time"

	scale "golang.org/x/image/draw"
	_ "golang.org/x/image/webp" //
)

// What Prepare refuses.
var (
	ErrTooLarge = errors.New("the file is larger than is taken")
	ErrPixels   = errors.New("the picture has more pixels than are taken")
	ErrFormat   = errors.New("the file is no PNG, JPEG, GIF or WebP picture, or a damaged one")
)

// Limits bound what Prepare takes in.
type Limits struct {
	MaxBytes  int64
	MaxPixels int64 // width times height
}

const maxSide = 1 << 16

// decodeTime is far more than any honest picture takes. A progressive JPEG may hold millions of scans, each over every pixel.
const decodeTime = 20 * time.Second

// decoding bounds memory: one picture at a time, for a progressive JPEG takes twelve bytes a pixel.
var decoding = make(chan struct{}, 1)

// Prepare reads an uploaded picture, by its content whatever its name says, turns it upright, cuts the middle square out and
// scales it to Size. Of several frames the first is taken. An animated WebP is refused. The reader must be a quick one, not a client: others wait meanwhile.
// Errors: ErrTooLarge, ErrPixels, ErrFormat, the context's cause, and the reader's own, wrapped.
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

// headerMax bounds how much of a file is read for its dimensions, in bytes: what cameras put before them (EXIF, previews, colour profiles) is less.
const headerMax = 1 << 20

// CheckHeader reads no more of a picture than tells its format and dimensions. Errors: ErrPixels, ErrFormat, and the reader's own, wrapped.
func CheckHeader(r io.Reader, l Limits) (err error) {
	defer refusePanic(&err)
	source := &sourceError{r: io.LimitReader(r, headerMax)}
	buffered := bufio.NewReader(source)
	start, _ := buffered.Peek(webPStart) // what fails there fails again
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

// sourceError keeps a reader's own failure, which decoders mix with theirs.
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

// isAnimatedWebP tells the animation flag of a WebP's VP8X header (WebP container specification, extended file format).
func isAnimatedWebP(data []byte) bool {
	return len(data) > webPFlags && string(data[:4]) == "RIFF" && string(data[8:16]) == "WEBPVP8X" && data[webPFlags]&webPAnimation != 0
}

// decode gives up with the context's cause once that is done.
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

// stoppable ends with its context. Decoders know no contexts, but they keep reading.
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

// refusePanic keeps a decoder's mistake about a crafted file from being ours.
func refusePanic(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("%w: decoder: %v", ErrFormat, p)
	}
}

// square cuts the middle out and scales it.
func square(img image.Image) *image.RGBA {
	b := img.Bounds()
	side := min(b.Dx(), b.Dy())
	from := image.Rect(0, 0, side, side).Add(b.Min).Add(image.Pt((b.Dx()-side)/2, (b.Dy()-side)/2))
	out := image.NewRGBA(image.Rect(0, 0, Size, Size))
	scale.CatmullRom.Scale(out, out.Bounds(), img, from, draw.Src, nil)
	return out
}

// turn brings a square picture upright. EXIF numbers eight ways to hold a camera: 5 to 8 swap the axes, and
// within each four come plain, mirrored left-right, turned half and mirrored top-bottom.
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
