//! Files of encrypted conversations: what is sealed with what, how long it is, and whether what somebody says of theirs fits.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pipit_e2ee::file::sealed_file_bytes;
use pipit_e2ee::stream::{STREAM_KEY_BYTES, StreamKey};
use pipit_wire::media::{
    ATTACHMENTS_MAX, Attachment, CAPTION_BYTES_MAX, FILE_NAME_BYTES_MAX, FileSeal,
    SEALED_THUMBNAIL_BYTES_MAX, SealedThumbnail, WAVEFORM_LEVELS_MAX,
};

use crate::io::PartSeal;

/// How many characters a SHA-256 has in standard base64.
const DIGEST_CHARS: usize = 44;
/// The longest type, as the server takes it of open files.
const MEDIA_TYPE_BYTES_MAX: usize = 127;
/// The longest blurred preview: a `ThumbHash` has at most 25 bytes.
const PREVIEW_CHARS_MAX: usize = 36;
/// Whatever is more does not come from any of this program.
const CONTENT_BYTES_MAX: u64 = 1 << 46;

/// A seal with a key of its own for a new file. Its digest is taken before anything is sent.
pub(crate) fn new_seal(key: &[u8; STREAM_KEY_BYTES], thumbnail: Option<SealedThumbnail>) -> FileSeal {
    FileSeal {
        key: STANDARD.encode(key),
        digest: String::new(),
        thumbnail,
    }
}

/// How many bytes this device keeps of a file: with the smaller picture before it.
pub(crate) fn content_bytes(file: &Attachment) -> u64 {
    let thumbnail = file.seal.as_ref().and_then(|seal| seal.thumbnail.as_ref());
    let before = thumbnail.map_or(0, |thumbnail| u64::from(thumbnail.size));
    file.size.saturating_add(before)
}

/// How many bytes are sent of a file.
pub(crate) fn sent_bytes(file: &Attachment) -> u64 {
    match file.seal {
        Some(_) => sealed_file_bytes(content_bytes(file)).unwrap_or(u64::MAX),
        None => file.size,
    }
}

/// What the parts of a file are sealed with.
pub(crate) fn part_seal(file: &Attachment) -> Option<PartSeal> {
    let seal = file.seal.as_ref()?;
    Some(PartSeal {
        key: seal.key.clone(),
        content: content_bytes(file),
    })
}

/// Files as they will be said, for their length: with a digest, which is not known yet.
pub(crate) fn with_digests(files: &[Attachment]) -> Vec<Attachment> {
    let mut files = files.to_vec();
    for file in &mut files {
        if let Some(seal) = &mut file.seal {
            seal.digest = "A".repeat(DIGEST_CHARS);
        }
    }
    files
}

/// Whether this is what may be said of the files of a sealed message. In an open one the server sees to all of it.
pub(crate) fn fit(files: &[Attachment]) -> bool {
    let mut blobs: Vec<_> = files.iter().map(|file| file.blob).collect();
    blobs.sort_unstable();
    blobs.dedup();
    blobs.len() == files.len() && files.len() <= ATTACHMENTS_MAX && files.iter().all(fits)
}

fn fits(file: &Attachment) -> bool {
    let Some(seal) = &file.seal else {
        return false;
    };
    let bytes_of = |text: &str| STANDARD.decode(text).unwrap_or_default();
    let digest = bytes_of(&seal.digest).len() == 32;
    let key = StreamKey::from_bytes(&bytes_of(&seal.key)).is_ok();
    let thumbnail = seal.thumbnail.as_ref().is_none_or(|thumbnail| {
        let is_picture = matches!(
            thumbnail.media_type.as_str(),
            "image/jpeg" | "image/png" | "image/webp"
        );
        is_picture && (1..=SEALED_THUMBNAIL_BYTES_MAX).contains(&thumbnail.size)
    });
    let size = content_bytes(file) <= CONTENT_BYTES_MAX;
    let name = pipit_model::file_name(&file.name, FILE_NAME_BYTES_MAX) == file.name;
    let media_type = file.media_type.len() <= MEDIA_TYPE_BYTES_MAX
        && file.media_type.bytes().all(|byte| byte.is_ascii_graphic());
    let pixels =
        file.width.is_some() == file.height.is_some() && file.width != Some(0) && file.height != Some(0);
    let preview = file
        .preview
        .as_ref()
        .is_none_or(|preview| preview.len() <= PREVIEW_CHARS_MAX && !bytes_of(preview).is_empty());
    let unseen = |letter: char| letter.is_control() && letter != '\n';
    let caption = file.caption.as_ref().is_none_or(|caption| {
        caption.len() <= CAPTION_BYTES_MAX && !caption.trim().is_empty() && !caption.contains(unseen)
    });
    let waveform = file
        .waveform
        .as_ref()
        .is_none_or(|waveform| (1..=WAVEFORM_LEVELS_MAX).contains(&bytes_of(waveform).len()));
    key && digest && thumbnail && size && name && media_type && pixels && preview && caption && waveform
}
