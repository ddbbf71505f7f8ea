package avatar

import (
	"encoding/binary"
	"hash/crc32"
	"image/color"
	"math"
)

// luminance is WCAG's relative luminance of a colour.
func luminance(c color.RGBA) float64 {
	linear := func(v uint8) float64 {
		s := float64(v) / 255
		if s <= 0.04045 {
			return s / 12.92
		}
		return math.Pow((s+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(c.R) + 0.7152*linear(c.G) + 0.0722*linear(c.B)
}

// fixCRC makes a PNG's header chunk whole again after its numbers were changed.
func fixCRC(png []byte) []byte {
	binary.BigEndian.PutUint32(png[29:], crc32.ChecksumIEEE(png[12:29]))
	return png
}
