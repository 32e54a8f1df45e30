//! What a preview of a link may say. It is the sender's word, as the text is: what is looked at here is its form, by the server where it can
//! read it, and by each device where it was sealed.

use pipit_wire::preview::{
    DESCRIPTION_CHARS_MAX, LinkPreview, PICTURE_BYTES_MAX, PICTURE_PIXELS_MAX, SITE_NAME_CHARS_MAX,
    TITLE_CHARS_MAX, URL_BYTES_MAX,
};

use crate::picture;

/// Why a preview does not fit its message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PreviewError {
    /// Its link is none, or is no part of the text.
    #[error("its link does not stand in the text")]
    Link,
    /// One of its texts is none, is more than a line, or is too long.
    #[error("each of its texts is a line, and not too long")]
    Text,
    /// Its picture is none, or is too large.
    #[error(
        "its picture is a JPEG of at most {PICTURE_BYTES_MAX} bytes, and {PICTURE_PIXELS_MAX} pixels wide and high"
    )]
    Picture,
}

/// Checks a preview against the text of its message.
pub fn check(preview: &LinkPreview, text: &str) -> Result<(), PreviewError> {
    let url = &preview.url;
    let begins = |scheme: &str| {
        url.get(..scheme.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    };
    let is_link = url.len() <= URL_BYTES_MAX && (begins("http://") || begins("https://"));
    if !is_link || !text.contains(url.as_str()) {
        return Err(PreviewError::Link);
    }
    let fits_line = |line: &str, chars_max: usize| {
        !line.trim().is_empty() && !line.chars().any(char::is_control) && line.chars().count() <= chars_max
    };
    let optional =
        |line: &Option<String>, chars_max| line.as_deref().is_none_or(|line| fits_line(line, chars_max));
    if !fits_line(&preview.title, TITLE_CHARS_MAX)
        || !optional(&preview.description, DESCRIPTION_CHARS_MAX)
        || !optional(&preview.site_name, SITE_NAME_CHARS_MAX)
    {
        return Err(PreviewError::Text);
    }
    if preview.picture.as_deref().is_none_or(is_picture) {
        Ok(())
    } else {
        Err(PreviewError::Picture)
    }
}

/// Whether this is a small JPEG in base64.
fn is_picture(base64: &str) -> bool {
    picture::small(base64, PICTURE_BYTES_MAX, PICTURE_PIXELS_MAX.into()) == Some("image/jpeg")
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    /// The segments of a JPEG up to its scan (ITU-T T.81, annex B).
    fn jpeg(width: u16, height: u16) -> Vec<u8> {
        let mut bytes = vec![0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2, 0xff, 0xc0, 0, 8, 8];
        bytes.extend(height.to_be_bytes());
        bytes.extend(width.to_be_bytes());
        bytes.extend([1, 0xff, 0xda, 0, 2, 7]);
        bytes
    }

    /// The beginning of a PNG (RFC 2083, section 4.1.1).
    fn png(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
        bytes.extend(width.to_be_bytes());
        bytes.extend(height.to_be_bytes());
        bytes
    }

    fn preview() -> LinkPreview {
        LinkPreview {
            url: "https://example.org/a".to_owned(),
            title: "A".to_owned(),
            description: Some("About".to_owned()),
            site_name: None,
            picture: None,
        }
    }

    const TEXT: &str = "see https://example.org/a";

    #[test]
    fn its_link_stands_in_the_text() {
        assert_eq!(check(&preview(), TEXT), Ok(()));
        assert_eq!(
            check(&preview(), "see https://example.org/b"),
            Err(PreviewError::Link)
        );
        for url in ["javascript:alert(1)", "", "see", "data:text/html,x"] {
            let preview = LinkPreview {
                url: url.to_owned(),
                ..preview()
            };
            assert_eq!(
                check(&preview, "see javascript:alert(1) data:text/html,x"),
                Err(PreviewError::Link),
                "{url}"
            );
        }
        let long = format!("https://example.org/{}", "a".repeat(URL_BYTES_MAX));
        let preview = LinkPreview {
            url: long.clone(),
            ..preview()
        };
        assert_eq!(check(&preview, &long), Err(PreviewError::Link));
    }

    #[test]
    fn its_texts_are_lines() {
        let long = |chars_max: usize| "a".repeat(chars_max + 1);
        let with = |change: fn(&mut LinkPreview, String), line: &str| {
            let mut preview = preview();
            change(&mut preview, line.to_owned());
            check(&preview, TEXT)
        };
        let title: fn(&mut LinkPreview, String) = |preview, line| preview.title = line;
        let about: fn(&mut LinkPreview, String) = |preview, line| preview.description = Some(line);
        let site: fn(&mut LinkPreview, String) = |preview, line| preview.site_name = Some(line);
        let wrong = Err(PreviewError::Text);
        for (change, line, expect) in [
            (title, "B", Ok(())),
            (title, " ", wrong),
            (title, "two\nlines", wrong),
            (title, &long(TITLE_CHARS_MAX), wrong),
            (about, &long(DESCRIPTION_CHARS_MAX), wrong),
            (site, &long(SITE_NAME_CHARS_MAX), wrong),
        ] {
            assert_eq!(with(change, line), expect, "{line}");
        }
    }

    #[test]
    fn its_picture_is_small() {
        let most = PICTURE_PIXELS_MAX;
        let padded = |length: usize| {
            let mut bytes = jpeg(most, most);
            bytes.resize(length, 0);
            bytes
        };
        for (bytes, expect) in [
            (jpeg(most, 1), true),
            (jpeg(1, most), true),
            (padded(PICTURE_BYTES_MAX), true),
            (padded(PICTURE_BYTES_MAX + 1), false),
            (jpeg(most + 1, 1), false),
            (jpeg(1, 65_535), false),
            (jpeg(0, 1), false),
            (jpeg(1, 0), false),
            (jpeg(1, 1)[..12].to_vec(), false),
            (png(1, 1), false),
            (b"<svg/>".to_vec(), false),
            (Vec::new(), false),
        ] {
            let picture = Some(STANDARD.encode(&bytes));
            let preview = LinkPreview { picture, ..preview() };
            assert_eq!(check(&preview, TEXT).is_ok(), expect, "{bytes:?}");
        }
        let preview = LinkPreview {
            picture: Some("not base64".to_owned()),
            ..preview()
        };
        assert_eq!(check(&preview, TEXT), Err(PreviewError::Picture));
    }
}
