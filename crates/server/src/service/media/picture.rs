//! What becomes of a picture before anybody else gets it: it is turned as it is meant to be seen, loses what it says about whoever took it,
//! and gets smaller pictures and a blurred one.
//!
//! Decoding is the most that a stranger can make the server do with a few bytes, so the size is read first and refused where
//! it is too large, the decoders are told how much memory they may use, and all of it happens away from the message path, a
//! few at a time, for a limited time.

use std::io::Cursor;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::codecs::webp::WebPEncoder;
use image::metadata::Orientation;
use image::{
    DynamicImage, ImageDecoder, ImageEncoder, ImageError, ImageFormat, ImageReader, ImageResult, Limits,
    Rgba, RgbaImage,
};
use pipit_wire::media::THUMBNAIL_PIXELS;
use pipit_wire::preview::PICTURE_BYTES_MAX;

use super::strip::strip;

/// The most memory that a decoder may ask for. 50 million pixels in RGBA have 200 MB.
const DECODER_BYTES_MAX: u64 = 512 * 1024 * 1024;
/// Of smaller pictures, and of those that had to be turned.
const JPEG_QUALITY: u8 = 82;
const TURNED_JPEG_QUALITY: u8 = 92;
/// What a preview's picture fits into, in pixels, and how well it is drawn: the first that has few enough bytes.
const SMALL: [(u32, u8); 4] = [(240, 75), (240, 50), (160, 50), (96, 50)];
/// What is narrower or lower than this is there to count readers, or a line.
const SHOWN_PIXELS_MIN: u32 = 32;
/// The preview is made of a picture that fits into this: the most that `ThumbHash` takes.
const PREVIEW_PIXELS: u32 = 100;

/// A picture as it is passed on.
#[derive(Debug)]
pub(super) struct Picture {
    pub(super) bytes: Bytes,
    pub(super) media_type: &'static str,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) preview: String,
    pub(super) smaller: Vec<Smaller>,
}

/// A smaller picture of it.
#[derive(Debug)]
pub(super) struct Smaller {
    pub(super) pixels: u32,
    pub(super) media_type: &'static str,
    pub(super) bytes: Bytes,
}

/// Why there is none.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum PictureError {
    /// It has more pixels than allowed.
    TooLarge,
    /// It cannot be decoded: it is passed on as a file. Without what it says about whoever took it, where that can be found.
    Unreadable {
        /// The rest.
        stripped: Option<Bytes>,
    },
}

/// The format of a media type that is made into a [`Picture`].
pub(super) fn format_of(media_type: &str) -> Option<ImageFormat> {
    match media_type {
        "image/jpeg" => Some(ImageFormat::Jpeg),
        "image/png" => Some(ImageFormat::Png),
        "image/gif" => Some(ImageFormat::Gif),
        "image/webp" => Some(ImageFormat::WebP),
        _ => None,
    }
}

/// A small JPEG of it, for the preview of a page: as it is meant to be seen, on white where it can be seen through. None where it cannot be decoded, has more
/// pixels than allowed, or is so small that it shows nothing.
pub(super) fn small(format: ImageFormat, bytes: &Bytes, pixels_max: u32) -> Option<Bytes> {
    let mut decoder = open(format, bytes).ok()?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > u64::from(pixels_max) || width.min(height) < SHOWN_PIXELS_MIN {
        return None;
    }
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut image = DynamicImage::from_decoder(decoder).ok()?;
    image.apply_orientation(orientation);
    for (pixels, quality) in SMALL {
        let small = image.thumbnail(pixels, pixels);
        let (bytes, _jpeg) = encode(&on_white(&small), true, quality, None).ok()?;
        if bytes.len() <= PICTURE_BYTES_MAX {
            return Some(bytes);
        }
    }
    None
}

fn on_white(image: &DynamicImage) -> DynamicImage {
    let mut ground = RgbaImage::from_pixel(image.width(), image.height(), Rgba([255; 4]));
    image::imageops::overlay(&mut ground, &image.to_rgba8(), 0, 0);
    ground.into()
}

/// Makes the picture. Takes a second or so of a core for a large one.
pub(super) fn make(format: ImageFormat, bytes: &Bytes, pixels_max: u32) -> Result<Picture, PictureError> {
    // A decoder that may not have the memory it asks for says so itself.
    let refused = |error| match error {
        ImageError::Limits(_) => PictureError::TooLarge,
        _ => PictureError::Unreadable {
            stripped: strip(format, bytes),
        },
    };
    let opened = open(format, bytes).map_err(refused)?;
    let (width, height) = opened.dimensions();
    if u64::from(width) * u64::from(height) > u64::from(pixels_max) {
        return Err(PictureError::TooLarge);
    }
    decode(opened, format, bytes).map_err(refused)
}

fn open(format: ImageFormat, bytes: &Bytes) -> ImageResult<impl ImageDecoder> {
    let mut reader = ImageReader::with_format(Cursor::new(bytes.clone()), format);
    let mut limits = Limits::default();
    limits.max_alloc = Some(DECODER_BYTES_MAX);
    reader.limits(limits);
    reader.into_decoder()
}

fn decode(mut decoder: impl ImageDecoder, format: ImageFormat, bytes: &Bytes) -> ImageResult<Picture> {
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let profile = decoder.icc_profile().unwrap_or_default();
    let mut image = DynamicImage::from_decoder(decoder)?;
    image.apply_orientation(orientation);
    let as_it_is = match orientation {
        Orientation::NoTransforms => strip(format, bytes).map(|bytes| (bytes, media_type(format))),
        // The turn was in what is taken out.
        _ => None,
    };
    let (bytes, media_type) = match as_it_is {
        Some(kept) => kept,
        None => encode(
            &image,
            format == ImageFormat::Jpeg,
            TURNED_JPEG_QUALITY,
            profile.clone(),
        )?,
    };
    let mut smaller = Vec::new();
    for pixels in THUMBNAIL_PIXELS {
        if image.width().max(image.height()) > pixels {
            let small = image.thumbnail(pixels, pixels);
            let (bytes, media_type) = encode_small(&small, profile.clone())?;
            smaller.push(Smaller {
                pixels,
                media_type,
                bytes,
            });
        }
    }
    Ok(Picture {
        bytes,
        media_type,
        width: image.width(),
        height: image.height(),
        preview: preview(&image),
        smaller,
    })
}

const fn media_type(format: ImageFormat) -> &'static str {
    match format {
        ImageFormat::Jpeg => "image/jpeg",
        ImageFormat::Png => "image/png",
        ImageFormat::Gif => "image/gif",
        _ => "image/webp",
    }
}

fn encode(
    image: &DynamicImage,
    lossy: bool,
    quality: u8,
    profile: Option<Vec<u8>>,
) -> ImageResult<(Bytes, &'static str)> {
    let mut bytes = Vec::new();
    if lossy {
        let mut encoder = JpegEncoder::new_with_quality(&mut bytes, quality);
        with_profile(&mut encoder, profile);
        DynamicImage::from(image.to_rgb8()).write_with_encoder(encoder)?;
        Ok((bytes.into(), "image/jpeg"))
    } else {
        let mut encoder = PngEncoder::new(&mut bytes);
        with_profile(&mut encoder, profile);
        image.write_with_encoder(encoder)?;
        Ok((bytes.into(), "image/png"))
    }
}

fn encode_small(image: &DynamicImage, profile: Option<Vec<u8>>) -> ImageResult<(Bytes, &'static str)> {
    if !image.color().has_alpha() {
        return encode(image, true, JPEG_QUALITY, profile);
    }
    let mut bytes = Vec::new();
    let mut encoder = WebPEncoder::new_lossless(&mut bytes);
    with_profile(&mut encoder, profile);
    DynamicImage::from(image.to_rgba8()).write_with_encoder(encoder)?;
    Ok((bytes.into(), "image/webp"))
}

/// Where an encoder takes none, colours are off by a little.
fn with_profile(encoder: &mut impl ImageEncoder, profile: Option<Vec<u8>>) {
    if let Some(profile) = profile {
        let _ = encoder.set_icc_profile(profile);
    }
}

fn preview(image: &DynamicImage) -> String {
    let small = image.thumbnail(PREVIEW_PIXELS, PREVIEW_PIXELS).to_rgba8();
    let side = |pixels: u32| usize::try_from(pixels).unwrap_or(1);
    let hash = thumbhash::rgba_to_thumb_hash(side(small.width()), side(small.height()), small.as_raw());
    STANDARD.encode(hash)
}

#[cfg(test)]
mod tests;
