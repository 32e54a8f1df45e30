//! Takes out of pictures what they need not have to be shown: where and when they were taken, by what, comments, and whatever hangs on
//! behind the picture's end. The picture itself stays as it is, byte for byte.
//!
//! What is kept is listed, not what is removed, so that what nobody has thought of goes as well.

use bytes::Bytes;
use image::ImageFormat;
use img_parts::jpeg::{Jpeg, JpegSegment};
use img_parts::png::Png;
use img_parts::webp::WebP;
use img_parts::{ImageEXIF as _, jpeg};

/// The picture without anything else; none where it is not built as its format says.
pub(super) fn strip(format: ImageFormat, bytes: &Bytes) -> Option<Bytes> {
    match format {
        ImageFormat::Jpeg => strip_jpeg(bytes),
        ImageFormat::Png => strip_png(bytes),
        ImageFormat::WebP => strip_webp(bytes),
        ImageFormat::Gif => strip_gif(bytes).map(Bytes::from),
        _ => None,
    }
}

/// ITU-T T.81, annex B. Of the application segments those that say how colours are meant stay: JFIF, ICC and Adobe.
fn strip_jpeg(bytes: &Bytes) -> Option<Bytes> {
    let mut picture = Jpeg::from_bytes(bytes.clone()).ok()?;
    picture.segments_mut().retain(is_needed);
    let last = picture.segments_mut().last_mut()?;
    if last.marker() != jpeg::markers::SOS {
        return None;
    }
    // The crate keeps all that is behind the first scan's header as it is: it is the end of the file.
    let behind = last.len_with_entropy() - last.len();
    let entropy = scans(bytes.get(bytes.len().checked_sub(behind)?..)?)?;
    let contents = last.contents().clone();
    *last = JpegSegment::new_with_entropy(jpeg::markers::SOS, contents, entropy.into());
    Some(picture.encoder().bytes())
}

fn is_needed(segment: &JpegSegment) -> bool {
    match segment.marker() {
        jpeg::markers::APP0 => segment.contents().starts_with(b"JFIF\0"),
        jpeg::markers::APP2 => segment.contents().starts_with(b"ICC_PROFILE\0"),
        jpeg::markers::APP14 => segment.contents().starts_with(b"Adobe"),
        0xE0..=0xEF | jpeg::markers::COM => false,
        _ => true,
    }
}

/// The compressed data from the first scan to the end of the image, and nothing behind it. Between scans there are tables, whose
/// bytes may look like anything, and there may be comments.
pub(super) fn scans(data: &[u8]) -> Option<Vec<u8>> {
    let mut kept = Vec::with_capacity(data.len());
    let mut rest = data;
    loop {
        let marker_at = rest.iter().position(|byte| *byte == 0xFF)?;
        let (entropy, from_marker) = rest.split_at_checked(marker_at)?;
        kept.extend_from_slice(entropy);
        match *from_marker.get(1)? {
            0xD9 => {
                kept.extend_from_slice(&[0xFF, 0xD9]);
                return Some(kept);
            }
            // A stuffed byte, or a restart.
            marker @ (0x00 | 0xD0..=0xD7) => {
                kept.extend_from_slice(&[0xFF, marker]);
                rest = from_marker.get(2..)?;
            }
            0xFF => rest = from_marker.get(1..)?,
            marker => {
                let length = u16::from_be_bytes([*from_marker.get(2)?, *from_marker.get(3)?]);
                let (segment, behind) = from_marker.split_at_checked(2 + usize::from(length))?;
                if !matches!(marker, 0xE0..=0xEF | 0xFE) {
                    kept.extend_from_slice(segment);
                }
                rest = behind;
            }
        }
    }
}

/// PNG (third edition), section 11: what changes how it looks, the frames of animations among them.
fn strip_png(bytes: &Bytes) -> Option<Bytes> {
    const KEPT: [&[u8; 4]; 17] = [
        b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"cICP",
        b"bKGD", b"pHYs", b"acTL", b"fcTL", b"fdAT", b"hIST",
    ];
    let mut picture = Png::from_bytes(bytes.clone()).ok()?;
    picture.chunks_mut().retain(|chunk| KEPT.contains(&&chunk.kind()));
    Some(picture.encoder().bytes())
}

/// RFC 9649, section 2.
fn strip_webp(bytes: &Bytes) -> Option<Bytes> {
    const KEPT: [&[u8; 4]; 7] = [b"VP8 ", b"VP8L", b"VP8X", b"ICCP", b"ANIM", b"ANMF", b"ALPH"];
    let mut picture = WebP::from_bytes(bytes.clone()).ok()?;
    picture.chunks_mut().retain(|chunk| KEPT.contains(&&chunk.id()));
    // Puts the flags right.
    picture.set_exif(None);
    Some(picture.encoder().bytes())
}

/// `GIF89a`: blocks up to the trailer, without comments, texts and application blocks other than the one that says how often it repeats.
fn strip_gif(bytes: &[u8]) -> Option<Vec<u8>> {
    const HEAD: usize = 13;
    let flags = *bytes.get(10)?;
    let mut kept = Vec::with_capacity(bytes.len());
    let (head, mut rest) = bytes.split_at_checked(HEAD + color_table(flags))?;
    kept.extend_from_slice(head);
    loop {
        let block = match *rest.first()? {
            0x3B => {
                kept.push(0x3B);
                return Some(kept);
            }
            0x2C => {
                let data = 10 + color_table(*rest.get(9)?) + 1;
                data + sub_blocks(rest.get(data..)?)?
            }
            0x21 => 2 + sub_blocks(rest.get(2..)?)?,
            _ => return None,
        };
        let (block, behind) = rest.split_at_checked(block)?;
        let repeats = block.get(3..14).is_some_and(|name| name == b"NETSCAPE2.0");
        if matches!(block, [0x2C, ..] | [0x21, 0xF9, ..]) || repeats {
            kept.extend_from_slice(block);
        }
        rest = behind;
    }
}

/// How long a color table is, by the flags that announce it.
const fn color_table(flags: u8) -> usize {
    if flags & 0x80 == 0 {
        0
    } else {
        3 << ((flags & 7) + 1)
    }
}

/// How long a run of sub-blocks is, the empty one at its end included.
fn sub_blocks(data: &[u8]) -> Option<usize> {
    let mut length = 0;
    loop {
        let size = usize::from(*data.get(length)?);
        length += 1 + size;
        if size == 0 {
            return Some(length);
        }
    }
}
