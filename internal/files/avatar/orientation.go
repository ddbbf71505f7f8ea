package avatar

import (
	"bytes"
	"encoding/binary"
)

// JPEG markers and EXIF numbers (JEITA CP-3451, 4.5 to 4.6).
const (
	markerStart    = 0xD8
	markerScan     = 0xDA
	markerApp1     = 0xE1
	tagOrientation = 0x0112
	typeShort      = 3
	ifdEntryBytes  = 12
)

var exifHeader = []byte("Exif\x00\x00")

// orientation returns the EXIF orientation of a JPEG, 1 to 8, or 1 if it has none.
func orientation(data []byte) int {
	if len(data) < 4 || data[0] != 0xFF || data[1] != markerStart {
		return 1
	}
	for at := 2; at+4 <= len(data) && data[at] == 0xFF; {
		if data[at+1] == 0xFF { // any marker may have fill bytes before it
			at++
			continue
		}
		marker, size := data[at+1], int(binary.BigEndian.Uint16(data[at+2:]))
		end := at + 2 + size
		if marker == markerScan || size < 2 || end > len(data) {
			return 1
		}
		if marker == markerApp1 {
			if tiff, ok := bytes.CutPrefix(data[at+4:end], exifHeader); ok {
				return tiffOrientation(tiff)
			}
		}
		at = end
	}
	return 1
}

func tiffOrientation(tiff []byte) int {
	if len(tiff) < 8 {
		return 1
	}
	var order binary.ByteOrder
	switch string(tiff[:4]) {
	case "II*\x00":
		order = binary.LittleEndian
	case "MM\x00*":
		order = binary.BigEndian
	default:
		return 1
	}
	first := uint64(order.Uint32(tiff[4:]))
	if first+2 > uint64(len(tiff)) {
		return 1
	}
	entries := tiff[first+2:]
	for range order.Uint16(tiff[first:]) {
		if len(entries) < ifdEntryBytes {
			return 1
		}
		if order.Uint16(entries) == tagOrientation && order.Uint16(entries[2:]) == typeShort {
			if v := int(order.Uint16(entries[8:])); v >= 1 && v <= 8 {
				return v
			}
			return 1
		}
		entries = entries[ifdEntryBytes:]
	}
	return 1
}
