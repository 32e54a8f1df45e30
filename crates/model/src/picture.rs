//! Small pictures that travel inside what is said. They are another person's word: few bytes can stand for more pixels than a reader's memory holds,
//! so what they say of their own size is looked at before anybody draws them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use imagesize::ImageType;

/// What a picture in standard base64 is (`image/jpeg`, `image/png` or `image/webp`), where it has at most `bytes_max` bytes, and is from one to `pixels_max`
/// pixels wide and high by its own word. None of anything else.
#[must_use]
pub fn small(base64: &str, bytes_max: usize, pixels_max: usize) -> Option<&'static str> {
    if base64.len() > bytes_max.div_ceil(3) * 4 {
        return None;
    }
    let bytes = STANDARD.decode(base64).ok()?;
    let media_type = match imagesize::image_type(&bytes).ok()? {
        ImageType::Jpeg => "image/jpeg",
        ImageType::Png => "image/png",
        ImageType::Webp => "image/webp",
        _ => return None,
    };
    let size = imagesize::blob_size(&bytes).ok()?;
    let sides = 1..=pixels_max;
    let fits = bytes.len() <= bytes_max && sides.contains(&size.width) && sides.contains(&size.height);
    fits.then_some(media_type)
}
