//! How devices that are not connected are told.

use super::Invalid;
use super::option::section;

section! {
    #[expect(clippy::doc_markdown, reason = "these docs are the example's comments, which are not Markdown")]
    /// Notifications of devices that are not connected, by the push services of browsers (Web Push) or of UnifiedPush.
    Push in "push" {
        /// Whether there are any. What is pushed is encrypted for the device: its push service sees that something came, when, and how often.
        enabled: bool = true;
        /// Whom a push service writes to where something is wrong: a "mailto:" or an address by https. Without it `public_url` is given, where that
        /// is by https.
        contact: Option<String> = None, sample "mailto:admin@example.org";
        /// How long a message waits for being read on a device that is in use, before the others are told, milliseconds.
        active_delay_ms: u32 = 10_000;
        /// How long a push service may take to answer, milliseconds.
        timeout_ms: u32 = 10_000;
    }
}

impl Push {
    pub(super) fn validate(&self) -> Result<(), Invalid> {
        if let Some(contact) = &self.contact
            && !(contact.starts_with("mailto:") || contact.starts_with("https://"))
        {
            return Err(Invalid::new("push.contact", "begins with mailto: or https://"));
        }
        if self.active_delay_ms > 3_600_000 {
            return Err(Invalid::new("push.active_delay_ms", "is at most 3600000"));
        }
        if self.timeout_ms == 0 || self.timeout_ms > 60_000 {
            return Err(Invalid::new("push.timeout_ms", "is between 1 and 60000"));
        }
        Ok(())
    }
}
