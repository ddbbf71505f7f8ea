// Package avatar creates profile pictures, from an account's initial or from an uploaded picture. Both are square PNGs without metadata.
package avatar

import (
	"bytes"
	"fmt"
	"hash/fnv"
	"image"
	"image/color"
	"image/png"
	"sync"
	"unicode"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
)

// Size is the width and height of every picture in pixels, as recorded from the reference server.
const Size = 128

const initialPoints = 64

// backgrounds give white letters a contrast of at least 4.5:1 (WCAG 2.2, 1.4.3).
var backgrounds = []color.RGBA{
	{0x1f, 0x6f, 0xb2, 255}, {0xa6, 0x3a, 0x50, 255}, {0x2e, 0x7d, 0x32, 255}, {0x6a, 0x4c, 0x93, 255},
	{0x8a, 0x5a, 0x00, 255}, {0x00, 0x6d, 0x77, 255}, {0xb0, 0x3a, 0x2e, 255}, {0x45, 0x5a, 0x64, 255},
}

var loadFont = sync.OnceValues(func() (*opentype.Font, error) { return opentype.Parse(gobold.TTF) })

// DrawInitial returns the default picture of an account: the first letter or digit of its name, on a colour derived from its id.
func DrawInitial(name, id string) ([]byte, error) {
	f, err := loadFont()
	if err != nil {
		return nil, fmt.Errorf("embedded font: %w", err)
	}
	face, err := opentype.NewFace(f, &opentype.FaceOptions{Size: initialPoints, DPI: 72})
	if err != nil {
		return nil, fmt.Errorf("font face: %w", err)
	}
	defer func() { _ = face.Close() }() // it only holds memory
	img := image.NewPaletted(image.Rect(0, 0, Size, Size), palette(background(id)))
	text := initial(face, name)
	bounds, _ := font.BoundString(face, text)
	d := font.Drawer{Dst: img, Src: image.White, Face: face, Dot: fixed.Point26_6{
		X: (fixed.I(Size)-(bounds.Max.X-bounds.Min.X))/2 - bounds.Min.X,
		Y: (fixed.I(Size)-(bounds.Max.Y-bounds.Min.Y))/2 - bounds.Min.Y,
	}}
	d.DrawString(text)
	return encode(img)
}

// initial returns the first letter or digit of the name that the font has, or "?".
func initial(face font.Face, name string) string {
	for _, r := range name {
		if r = unicode.ToUpper(r); unicode.IsLetter(r) || unicode.IsDigit(r) {
			if _, ok := face.GlyphAdvance(r); ok {
				return string(r)
			}
		}
	}
	return "?"
}

func background(id string) color.RGBA {
	h := fnv.New32a()
	_, _ = h.Write([]byte(id)) // never fails
	return backgrounds[h.Sum32()%uint32(len(backgrounds))]
}

// palette returns the shades from the background to white: enough for smooth edges and a small file.
func palette(bg color.RGBA) color.Palette {
	const steps = 16
	p := make(color.Palette, steps)
	mix := func(from uint8, i int) uint8 { return uint8((int(from)*(steps-1-i) + 255*i) / (steps - 1)) }
	for i := range p {
		p[i] = color.RGBA{mix(bg.R, i), mix(bg.G, i), mix(bg.B, i), 255}
	}
	return p
}

func encode(img image.Image) ([]byte, error) {
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		return nil, fmt.Errorf("encode picture: %w", err)
	}
	return b.Bytes(), nil
}
