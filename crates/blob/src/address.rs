//! Where the blobs are to be, as an operator writes it.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// Where the blobs are to be: a folder, or `s3://bucket/prefix?endpoint=…&region=…`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BlobAddress {
    /// A folder. Made where it is missing.
    Folder(PathBuf),
    /// A bucket, which must be there.
    Bucket(Bucket),
}

/// A bucket of a service that speaks S3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// Its name.
    pub name: String,
    /// What every key in it begins with; may be empty.
    pub prefix: String,
    /// Where the service is; none for AWS.
    pub endpoint: Option<String>,
    /// Its region; `us-east-1` where it is not said, which most services other than AWS take.
    pub region: Option<String>,
}

/// What the service knows the server by. Does not show itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Keys {
    /// The access key's id.
    pub access_key: String,
    /// Its secret.
    pub secret_key: String,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(..)")
    }
}

/// Why an address says nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// There is no bucket in it.
    #[error("names no bucket: it looks like s3://bucket?endpoint=https://s3.example.org")]
    NoBucket,
    /// There is something in it that means nothing.
    #[error("`{0}` means nothing in it: there are `endpoint` and `region`")]
    UnknownOption(String),
    /// The endpoint is no URL.
    #[error("its endpoint begins with http:// or https://")]
    Endpoint,
    /// It is of another kind.
    #[error("is a folder, or begins with s3://")]
    Scheme,
}

impl FromStr for BlobAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let Some(rest) = text.strip_prefix("s3://") else {
            if text.is_empty() || text.contains("://") {
                return Err(AddressError::Scheme);
            }
            return Ok(Self::Folder(PathBuf::from(text)));
        };
        let (place, options) = rest.split_once('?').unwrap_or((rest, ""));
        let (name, prefix) = place.split_once('/').unwrap_or((place, ""));
        if name.is_empty() {
            return Err(AddressError::NoBucket);
        }
        let mut bucket = Bucket {
            name: name.to_owned(),
            prefix: prefix.trim_matches('/').to_owned(),
            endpoint: None,
            region: None,
        };
        for option in options.split('&').filter(|option| !option.is_empty()) {
            match option.split_once('=') {
                Some(("endpoint", url)) if url.starts_with("http://") || url.starts_with("https://") => {
                    bucket.endpoint = Some(url.trim_end_matches('/').to_owned());
                }
                Some(("endpoint", _)) => return Err(AddressError::Endpoint),
                Some(("region", region)) => bucket.region = Some(region.to_owned()),
                _ => {
                    let name = option.split('=').next().unwrap_or_default();
                    return Err(AddressError::UnknownOption(name.to_owned()));
                }
            }
        }
        Ok(Self::Bucket(bucket))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bucket(name: &str, prefix: &str, endpoint: Option<&str>, region: Option<&str>) -> BlobAddress {
        BlobAddress::Bucket(Bucket {
            name: name.to_owned(),
            prefix: prefix.to_owned(),
            endpoint: endpoint.map(str::to_owned),
            region: region.map(str::to_owned),
        })
    }

    #[test]
    fn addresses_are_read() {
        for (text, expect) in [
            ("/srv/blobs", Ok(BlobAddress::Folder("/srv/blobs".into()))),
            ("blobs", Ok(BlobAddress::Folder("blobs".into()))),
            ("s3://pipit", Ok(bucket("pipit", "", None, None))),
            (
                "s3://pipit/chat/?endpoint=http://localhost:9000/&region=garage",
                Ok(bucket(
                    "pipit",
                    "chat",
                    Some("http://localhost:9000"),
                    Some("garage"),
                )),
            ),
            ("s3://", Err(AddressError::NoBucket)),
            ("s3:///x", Err(AddressError::NoBucket)),
            ("s3://pipit?endpoint=localhost", Err(AddressError::Endpoint)),
            (
                "s3://pipit?secret=x",
                Err(AddressError::UnknownOption("secret".to_owned())),
            ),
            ("gs://pipit", Err(AddressError::Scheme)),
            ("", Err(AddressError::Scheme)),
        ] {
            assert_eq!(text.parse::<BlobAddress>(), expect, "{text}");
        }
    }

    #[test]
    fn keys_do_not_show_themselves() {
        let keys = Keys {
            access_key: "mine".to_owned(),
            secret_key: "hush".to_owned(),
        };
        assert_eq!(format!("{keys:?}"), "Keys(..)");
    }
}
