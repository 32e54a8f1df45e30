use image::{ColorType, Rgb, RgbImage, Rgba, RgbaImage};
use img_parts::jpeg::Jpeg;
use img_parts::png::{Png, PngChunk};
use img_parts::riff::{RiffChunk, RiffContent};
use img_parts::webp::WebP;
use img_parts::{ImageEXIF as _, ImageICC as _};

use super::*;

const PLACE: &[u8] = b"52.52N 13.40E by Ada";
const PIXELS_MAX: u32 = 1_000_000;

/// The left half is red, the right half blue.
fn image(width: u32, height: u32) -> DynamicImage {
    RgbImage::from_fn(width, height, |x, _| {
        if x < width / 2 {
            Rgb([250, 0, 0])
        } else {
            Rgb([0, 0, 250])
        }
    })
    .into()
}

fn written(image: &DynamicImage, format: ImageFormat) -> Bytes {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).unwrap();
    bytes.into_inner().into()
}

/// TIFF, as Exif 3.0 has it: an orientation, and a description that says where it was.
fn exif(orientation: u16) -> Bytes {
    let mut exif = b"II*\0\x08\0\0\0\x02\0".to_vec();
    exif.extend(b"\x0e\x01\x02\0\x14\0\0\0\x26\0\0\0");
    exif.extend(b"\x12\x01\x03\0\x01\0\0\0");
    exif.extend(orientation.to_le_bytes());
    exif.extend(b"\0\0\0\0\0\0");
    exif.extend(PLACE);
    exif.into()
}

fn has(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

fn decoded(picture: &Picture) -> DynamicImage {
    image::load_from_memory(&picture.bytes).unwrap()
}

fn jpeg_with(orientation: u16) -> Bytes {
    let mut jpeg = Jpeg::from_bytes(written(&image(80, 40), ImageFormat::Jpeg)).unwrap();
    jpeg.set_exif(Some(exif(orientation)));
    jpeg.set_icc_profile(Some(Bytes::from_static(b"a profile")));
    let comment = JpegSegmentOf::comment();
    jpeg.segments_mut().insert(1, comment);
    let mut bytes = jpeg.encoder().bytes().to_vec();
    bytes.extend_from_slice(b"<script>alert(1)</script>");
    bytes.into()
}

struct JpegSegmentOf;

impl JpegSegmentOf {
    fn comment() -> img_parts::jpeg::JpegSegment {
        img_parts::jpeg::JpegSegment::new_with_contents(
            img_parts::jpeg::markers::COM,
            Bytes::from_static(b"my secret comment"),
        )
    }
}

#[test]
fn a_photo_loses_what_it_says_and_nothing_else() {
    let bytes = jpeg_with(1);
    assert!(has(&bytes, PLACE) && has(&bytes, b"secret") && has(&bytes, b"script"));
    let picture = make(ImageFormat::Jpeg, &bytes, PIXELS_MAX).unwrap();
    for part in [PLACE, b"secret", b"script", b"Exif"] {
        assert!(!has(&picture.bytes, part));
    }
    assert!(has(&picture.bytes, b"a profile"), "colours stay what they are");
    assert_eq!(
        decoded(&picture).to_rgb8(),
        image::load_from_memory(&bytes).unwrap().to_rgb8(),
        "not encoded anew"
    );
    assert_eq!(
        (picture.width, picture.height, picture.media_type),
        (80, 40, "image/jpeg")
    );
}

#[test]
fn a_photo_is_turned() {
    for (orientation, size, red_at, blue_at) in [
        (3, (80, 40), (70, 20), (10, 20)),
        (6, (40, 80), (20, 10), (20, 70)),
        (8, (40, 80), (20, 70), (20, 10)),
    ] {
        let picture = make(ImageFormat::Jpeg, &jpeg_with(orientation), PIXELS_MAX).unwrap();
        assert_eq!((picture.width, picture.height), size, "{orientation}");
        let turned = decoded(&picture).to_rgb8();
        let (red, blue) = (
            turned.get_pixel(red_at.0, red_at.1),
            turned.get_pixel(blue_at.0, blue_at.1),
        );
        assert!(red.0[0] > 200 && red.0[2] < 60, "{orientation}: {red:?}");
        assert!(blue.0[2] > 200 && blue.0[0] < 60, "{orientation}: {blue:?}");
        assert!(!has(&picture.bytes, PLACE));
    }
}

#[test]
fn scans_end_where_the_picture_does() {
    // Two scans; a table between them that has the bytes of an end in it, and a comment.
    let bytes = b"\x01\xff\x00\x02\xff\xd0\xff\xc4\x00\x04\xff\xd9\xff\xfe\x00\x06abcd\xff\xda\x00\x02\x03\xff\xd9tail";
    let expect = b"\x01\xff\x00\x02\xff\xd0\xff\xc4\x00\x04\xff\xd9\xff\xda\x00\x02\x03\xff\xd9";
    assert_eq!(super::super::strip::scans(bytes).unwrap(), expect);
    assert_eq!(super::super::strip::scans(b"\x01\x02"), None, "no end");
}

#[test]
fn other_formats_lose_it_too() {
    let mut png = Png::from_bytes(written(&image(8, 4), ImageFormat::Png)).unwrap();
    png.set_exif(Some(exif(1)));
    let text = PngChunk::new(*b"tEXt", Bytes::from_static(b"Comment\0secret"));
    png.chunks_mut().insert(1, text);
    let mut png = png.encoder().bytes().to_vec();
    png.extend_from_slice(b"<script>");

    let mut webp = WebP::from_bytes(written(&image(8, 4), ImageFormat::WebP)).unwrap();
    webp.set_exif(Some(exif(1)));
    let xmp = RiffChunk::new(
        *b"XMP ",
        RiffContent::Data(Bytes::from_static(b"secret <script>")),
    );
    webp.chunks_mut().push(xmp);
    let webp = webp.encoder().bytes();

    let mut gif = written(&image(8, 4), ImageFormat::Gif).to_vec();
    assert_eq!(gif.pop(), Some(0x3B));
    gif.extend_from_slice(b"\x21\xfe\x14");
    gif.extend_from_slice(PLACE);
    gif.extend_from_slice(b"\x00\x21\xff\x0bXMP DataXMP\x06secret\x00\x3b<script>");

    for (format, bytes) in [
        (ImageFormat::Png, Bytes::from(png)),
        (ImageFormat::WebP, webp),
        (ImageFormat::Gif, gif.into()),
    ] {
        assert!(has(&bytes, PLACE) && has(&bytes, b"secret") && has(&bytes, b"<script>"));
        let picture = make(format, &bytes, PIXELS_MAX).unwrap();
        for part in [PLACE, b"secret", b"<script>"] {
            assert!(!has(&picture.bytes, part), "{format:?}");
        }
        let before = image::load_from_memory_with_format(&bytes, format).unwrap();
        assert_eq!(decoded(&picture).to_rgba8(), before.to_rgba8(), "{format:?}");
    }
}

#[test]
fn an_animation_stays_one() {
    use image::codecs::gif::{GifDecoder, GifEncoder, Repeat};
    use image::{AnimationDecoder as _, Frame};
    let mut bytes = Vec::new();
    let mut encoder = GifEncoder::new(&mut bytes);
    encoder.set_repeat(Repeat::Infinite).unwrap();
    for shade in [0, 128, 255] {
        let frame = RgbaImage::from_pixel(8, 4, Rgba([shade, 0, 0, 255]));
        encoder.encode_frame(Frame::new(frame)).unwrap();
    }
    drop(encoder);
    let picture = make(ImageFormat::Gif, &bytes.into(), PIXELS_MAX).unwrap();
    assert!(has(&picture.bytes, b"NETSCAPE2.0"));
    let frames = GifDecoder::new(Cursor::new(picture.bytes)).unwrap().into_frames();
    assert_eq!(frames.count(), 3);
}

#[test]
fn smaller_pictures_are_made_where_it_is_larger() {
    for (width, height, expect) in [
        (320, 100, &[][..]),
        (321, 100, &[(320, 320, 100)][..]),
        (2_560, 320, &[(320, 320, 40), (1_280, 1_280, 160)][..]),
    ] {
        let bytes = written(&image(width, height), ImageFormat::Png);
        let picture = make(ImageFormat::Png, &bytes, PIXELS_MAX).unwrap();
        let sizes: Vec<_> = picture
            .smaller
            .iter()
            .map(|small| {
                let image = image::load_from_memory(&small.bytes).unwrap();
                assert_eq!(small.media_type, "image/jpeg");
                (small.pixels, image.width(), image.height())
            })
            .collect();
        assert_eq!(sizes, expect);
        let hash = STANDARD.decode(&picture.preview).unwrap();
        assert!(hash.len() <= 25, "{hash:?}");
        thumbhash::thumb_hash_to_rgba(&hash).unwrap();
    }
    let glass = DynamicImage::new(400, 400, ColorType::Rgba8);
    let picture = make(ImageFormat::Png, &written(&glass, ImageFormat::Png), PIXELS_MAX).unwrap();
    assert_eq!(picture.smaller[0].media_type, "image/webp");
    let small = image::load_from_memory(&picture.smaller[0].bytes).unwrap();
    assert!(small.color().has_alpha());
}

/// A picture that says of itself that it is this large, and has next to nothing in it.
fn bomb(width: u32, height: u32) -> Bytes {
    let mut header = Vec::new();
    header.extend(width.to_be_bytes());
    header.extend(height.to_be_bytes());
    header.extend([8, 2, 0, 0, 0]);
    let mut png = Png::from_bytes(written(&image(1, 1), ImageFormat::Png)).unwrap();
    png.chunks_mut()[0] = PngChunk::new(*b"IHDR", header.into());
    png.encoder().bytes()
}

#[test]
fn bombs_are_refused_before_they_are_decoded() {
    for (width, height) in [
        (1, 1_000_000_000),
        (1_000_000_000, 1),
        (1_001, 1_000),
        (u32::MAX >> 1, u32::MAX >> 1),
    ] {
        let refused = make(ImageFormat::Png, &bomb(width, height), PIXELS_MAX).unwrap_err();
        assert_eq!(refused, PictureError::TooLarge, "{width}x{height}");
    }
}

#[test]
fn what_is_no_picture_is_a_file() {
    let whole = jpeg_with(1);
    let cut = whole.slice(..whole.len() / 3);
    for (format, bytes) in [
        (ImageFormat::Jpeg, Bytes::from_static(b"\xff\xd8\xff\xe0")),
        (ImageFormat::Png, Bytes::from_static(b"\x89PNG\r\n\x1a\nnothing")),
        (ImageFormat::Gif, Bytes::from_static(b"GIF89a<script>")),
        (ImageFormat::WebP, Bytes::from_static(b"RIFF\x10\0\0\0WEBPVP8 ")),
        (ImageFormat::Png, bomb(10, 10)),
        (ImageFormat::Jpeg, cut),
    ] {
        let refused = make(format, &bytes, PIXELS_MAX).unwrap_err();
        assert!(matches!(refused, PictureError::Unreadable { .. }), "{format:?}");
    }
}
