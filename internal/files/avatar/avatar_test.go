package avatar

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"testing"
)

var limits = Limits{MaxBytes: 1 << 20, MaxPixels: 1 << 22}

func prepare(data []byte) ([]byte, error) {
	return Prepare(context.Background(), bytes.NewReader(data), limits)
}

// corner is a picture whose top left quarter is red and whose rest is blue.
func corner(w, h int) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.RGBA{0, 0, 255, 255}
			if x < w/2 && y < h/2 {
				c = color.RGBA{255, 0, 0, 255}
			}
			img.SetRGBA(x, y, c)
		}
	}
	return img
}

func pngOf(t testing.TB, img image.Image) []byte {
	t.Helper()
	b, err := encode(img)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func jpegOf(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// withExif puts an EXIF block that holds only an orientation behind the start marker.
func withExif(file []byte, order binary.ByteOrder, orientation uint16) []byte {
	tiff := []byte("II*\x00")
	if order == binary.BigEndian {
		tiff = []byte("MM\x00*")
	}
	u16 := func(v uint16) { tiff = append(tiff, 0, 0); order.PutUint16(tiff[len(tiff)-2:], v) }
	u32 := func(v uint32) { tiff = append(tiff, 0, 0, 0, 0); order.PutUint32(tiff[len(tiff)-4:], v) }
	u32(8)
	u16(1)
	u16(tagOrientation)
	u16(typeShort)
	u32(1)
	u16(orientation)
	u16(0)
	u32(0)
	body := append(bytes.Clone(exifHeader), tiff...)
	block := binary.BigEndian.AppendUint16([]byte{0xFF, markerApp1}, uint16(len(body)+2))
	return append(append(append([]byte{}, file[:2]...), append(block, body...)...), file[2:]...)
}

func decoded(t *testing.T, data []byte) image.Image {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if img.Bounds().Dx() != Size || img.Bounds().Dy() != Size {
		t.Fatalf("a picture of %v", img.Bounds())
	}
	return img
}

// redQuarter names the quarter that is red: 0 top left, 1 top right, 2 bottom left, 3 bottom right.
func redQuarter(img image.Image) int {
	for i, p := range []image.Point{{32, 32}, {96, 32}, {32, 96}, {96, 96}} {
		if r, _, b, _ := img.At(p.X, p.Y).RGBA(); r > b {
			return i
		}
	}
	return -1
}

func TestEveryFormatIsTaken(t *testing.T) {
	var anim bytes.Buffer
	frame := image.NewPaletted(image.Rect(0, 0, 20, 20), color.Palette{color.Black, color.White})
	if err := gif.EncodeAll(&anim, &gif.GIF{Image: []*image.Paletted{frame, frame}, Delay: []int{1, 1}}); err != nil {
		t.Fatal(err)
	}
	webp := []byte("RIFF\x24\x00\x00\x00WEBPVP8L\x17\x00\x00\x00\x2f\x00\x00\x00\x10\x07\x10\x11\x11\x88\x88\xfe\x07\x00\x00\x00\x00\x00\x00\x00")
	for name, data := range map[string][]byte{
		"png": pngOf(t, corner(64, 64)), "png16": pngOf(t, image.NewRGBA64(image.Rect(0, 0, 9, 9))), "jpeg": jpegOf(t, corner(640, 30)),
		"gif": anim.Bytes(), "one pixel": pngOf(t, corner(1, 1)), "webp": webp,
	} {
		t.Run(name, func(t *testing.T) {
			out, err := prepare(data)
			if err != nil {
				t.Fatal(err)
			}
			decoded(t, out)
		})
	}
}

func TestOrientationIsHonoured(t *testing.T) {
	plain := jpegOf(t, corner(64, 64))
	// Where the top left of the stored picture belongs, by EXIF orientation.
	for orientation, want := range map[uint16]int{0: 0, 1: 0, 2: 1, 3: 3, 4: 2, 5: 0, 6: 1, 7: 3, 8: 2, 9: 0} {
		for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
			out, err := prepare(withExif(plain, order, orientation))
			if err != nil {
				t.Fatal(err)
			}
			if got := redQuarter(decoded(t, out)); got != want {
				t.Errorf("orientation %d (%v): the corner is at %d, want %d", orientation, order, got, want)
			}
		}
	}
}

func TestMetadataIsDropped(t *testing.T) {
	out, err := prepare(withExif(jpegOf(t, corner(8, 8)), binary.LittleEndian, 6))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(out, []byte("Exif")) {
		t.Fatal("EXIF came through")
	}
}

func TestRefusals(t *testing.T) {
	bomb := bytes.Clone(pngOf(t, corner(2, 2)))
	binary.BigEndian.PutUint32(bomb[16:], 60000)
	binary.BigEndian.PutUint32(bomb[20:], 60000)
	gifBomb := []byte("GIF89a\xff\xff\xff\xff\x80\x00\x00\xff\xff\xff\x00\x00\x00,")
	whole := pngOf(t, corner(64, 64))
	for name, c := range map[string]struct {
		data []byte
		want error
	}{
		"png bomb":  {fixCRC(bomb), ErrPixels},
		"gif bomb":  {gifBomb, ErrPixels},
		"too large": {append(pngOf(t, corner(4, 4)), make([]byte, limits.MaxBytes)...), ErrTooLarge},
		"text":      {[]byte("this is plain text, not an image\n"), ErrFormat},
		"empty":     {nil, ErrFormat},
		"truncated": {whole[:len(whole)/2], ErrFormat},
		"svg":       {[]byte("<svg xmlns='http://www.w3.org/2000/svg'/>"), ErrFormat},
	} {
		if _, err := prepare(c.data); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func TestAReadersErrorIsPassedOn(t *testing.T) {
	own := errors.New("own")
	_, err := Prepare(context.Background(), io.MultiReader(bytes.NewReader([]byte{1}), errorReader{own}), limits)
	if !errors.Is(err, own) {
		t.Fatal(err)
	}
}

type errorReader struct{ err error }

func (r errorReader) Read([]byte) (int, error) { return 0, r.err }

func TestDrawnPicturesAreTheSameEachTime(t *testing.T) {
	a, err := DrawInitial("ann", "id1")
	if err != nil {
		t.Fatal(err)
	}
	again, _ := DrawInitial("ann", "id1")
	other, _ := DrawInitial("bob", "id1")
	if !bytes.Equal(a, again) || bytes.Equal(a, other) {
		t.Fatal("a picture must follow from name and id alone")
	}
	for _, name := range []string{"", "...", "漢字", "ß", "-9"} {
		data, err := DrawInitial(name, "")
		if err != nil {
			t.Fatal(err)
		}
		decoded(t, data)
	}
}

// White on each background must be readable: WCAG 2.2, 1.4.3.
func TestContrast(t *testing.T) {
	for _, c := range backgrounds {
		if l := luminance(c); 1.05/(l+0.05) < 4.5 {
			t.Errorf("%v has a contrast of %.2f", c, 1.05/(l+0.05))
		}
	}
}

func FuzzPrepare(f *testing.F) {
	f.Add(pngOf(f, corner(4, 4)))
	f.Add(jpegOf(f, corner(4, 4)))
	f.Add(withExif(jpegOf(f, corner(4, 4)), binary.BigEndian, 5))
	f.Add([]byte("GIF89a\x01\x00\x01\x00\x80\x00\x00\xff\xff\xff\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"))
	f.Add([]byte("RIFF\x24\x00\x00\x00WEBPVP8L\x17\x00\x00\x00\x2f\x00\x00\x00\x10\x07\x10\x11\x11\x88\x88\xfe\x07\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		out, err := prepare(data)
		if err == nil {
			decoded(t, out)
		} else if !errors.Is(err, ErrFormat) && !errors.Is(err, ErrPixels) {
			t.Fatal(err)
		}
	})
}

func FuzzOrientation(f *testing.F) {
	f.Add(withExif([]byte{0xFF, markerStart, 0xFF, 0xD9}, binary.LittleEndian, 3))
	f.Fuzz(func(t *testing.T, data []byte) {
		if o := orientation(data); o < 1 || o > 8 {
			t.Fatal(o)
		}
	})
}

func BenchmarkDraw(b *testing.B) {
	for b.Loop() {
		if _, err := DrawInitial("ann", "id"); err != nil {
			b.Fatal(err)
		}
	}
}
