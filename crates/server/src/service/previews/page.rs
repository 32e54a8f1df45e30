//! What a page says of itself: read by a tokenizer that knows HTML as browsers do (html5ever), without building a tree.

use std::cell::RefCell;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{
    BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};
use pipit_wire::preview::{DESCRIPTION_CHARS_MAX, SITE_NAME_CHARS_MAX, TITLE_CHARS_MAX, URL_BYTES_MAX};

/// What was found, by where it was found.
#[derive(Debug, Default)]
struct Head {
    title: String,
    in_title: bool,
    og_title: Option<String>,
    og_description: Option<String>,
    description: Option<String>,
    site_name: Option<String>,
    og_image: Option<String>,
    twitter_image: Option<String>,
    linked_image: Option<String>,
    over: bool,
}

/// What a page says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) title: String,
    pub(super) description: Option<String>,
    pub(super) site_name: Option<String>,
    /// Where its picture is, as it stands there.
    pub(super) picture: Option<String>,
}

struct Sink(RefCell<Head>);

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut head = self.0.borrow_mut();
        match token {
            _ if head.over => {}
            Token::TagToken(tag) => return head.tag(&tag),
            Token::CharacterTokens(text) if head.in_title => {
                let room = TITLE_CHARS_MAX.saturating_mul(8).saturating_sub(head.title.len());
                head.title.extend(text.chars().take(room));
            }
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

impl Head {
    fn tag(&mut self, tag: &Tag) -> TokenSinkResult<()> {
        let name: &str = &tag.name;
        match (tag.kind, name) {
            (TagKind::StartTag, "title") => {
                self.in_title = self.title.is_empty();
                return TokenSinkResult::RawData(RawKind::Rcdata);
            }
            (TagKind::EndTag, "title") => self.in_title = false,
            // What is in these is no tag, whatever it looks like.
            (TagKind::StartTag, "textarea") => return TokenSinkResult::RawData(RawKind::Rcdata),
            (TagKind::StartTag, "script") => return TokenSinkResult::RawData(RawKind::ScriptData),
            (TagKind::StartTag, "style" | "xmp" | "iframe" | "noembed" | "noframes") => {
                return TokenSinkResult::RawData(RawKind::Rawtext);
            }
            (TagKind::StartTag, "meta") => self.meta(tag),
            (TagKind::StartTag, "link") => self.link(tag),
            (TagKind::StartTag, "body") | (TagKind::EndTag, "head") => self.over = true,
            _ => {}
        }
        TokenSinkResult::Continue
    }

    fn link(&mut self, tag: &Tag) {
        let is_image = |rel: &str| {
            rel.split_ascii_whitespace()
                .any(|rel| rel.eq_ignore_ascii_case("image_src"))
        };
        if value(tag, "rel").is_some_and(is_image) && self.linked_image.is_none() {
            self.linked_image = value(tag, "href").map(str::to_owned);
        }
    }

    fn meta(&mut self, tag: &Tag) {
        let Some(content) = value(tag, "content") else {
            return;
        };
        let name = value(tag, "property")
            .or_else(|| value(tag, "name"))
            .unwrap_or_default();
        let place = match name.to_ascii_lowercase().as_str() {
            "og:title" => &mut self.og_title,
            "og:description" => &mut self.og_description,
            "og:site_name" => &mut self.site_name,
            "description" => &mut self.description,
            "og:image" | "og:image:url" | "og:image:secure_url" => &mut self.og_image,
            "twitter:image" | "twitter:image:src" => &mut self.twitter_image,
            _ => return,
        };
        if place.is_none() {
            *place = Some(content.to_owned());
        }
    }
}

fn value<'a>(tag: &'a Tag, wanted: &str) -> Option<&'a str> {
    let found = tag.attrs.iter().find(|attr| &*attr.name.local == wanted);
    found.map(|attr| &*attr.value)
}

/// Reads the head of a page. None where it has no title.
pub(super) fn read(html: &str) -> Option<Said> {
    let tokenizer = Tokenizer::new(Sink(RefCell::default()), TokenizerOpts::default());
    let input = BufferQueue::default();
    input.push_back(StrTendril::from(html));
    let _paused = tokenizer.feed(&input);
    tokenizer.end();
    let head = tokenizer.sink.0.into_inner();
    let cleaned = |text: Option<String>, chars_max| {
        text.map(|text| one_line(&text, chars_max))
            .filter(|text| !text.is_empty())
    };
    let title =
        cleaned(head.og_title, TITLE_CHARS_MAX).or_else(|| cleaned(Some(head.title), TITLE_CHARS_MAX))?;
    Some(Said {
        title,
        description: cleaned(head.og_description, DESCRIPTION_CHARS_MAX)
            .or_else(|| cleaned(head.description, DESCRIPTION_CHARS_MAX)),
        site_name: cleaned(head.site_name, SITE_NAME_CHARS_MAX),
        picture: [head.og_image, head.twitter_image, head.linked_image]
            .into_iter()
            .flatten()
            .map(|address| address.trim().to_owned())
            .find(|address| !address.is_empty() && address.len() <= URL_BYTES_MAX),
    })
}

/// On one line, without what cannot be seen, and not too long.
fn one_line(text: &str, chars_max: usize) -> String {
    let seen: String = text
        .chars()
        .map(|char| if char.is_control() { ' ' } else { char })
        .filter(|char| !is_invisible(*char))
        .collect();
    let mut line = String::new();
    for word in seen.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if line.chars().count() <= chars_max {
        return line;
    }
    let mut cut: String = line.chars().take(chars_max.saturating_sub(1)).collect();
    cut.truncate(cut.trim_end().len());
    cut.push('…');
    cut
}

/// Marks of direction, which could turn round what stands beside them, and spaces without width.
const fn is_invisible(char: char) -> bool {
    matches!(char, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(html: &str, expect: Option<(&str, Option<&str>, Option<&str>)>) {
        let said = read(html);
        let found = said.as_ref().map(|said| {
            let (description, site) = (said.description.as_deref(), said.site_name.as_deref());
            (said.title.as_str(), description, site)
        });
        assert_eq!(found, expect, "{html}");
    }

    #[test]
    fn a_page_says_what_it_is() {
        check(
            "<title>Tides &amp; times</title>",
            Some(("Tides & times", None, None)),
        );
        check(
            "<!doctype html><html><head><title>Old</title><meta property='og:title' content='High &quot;water&quot;'>
            <META NAME=description CONTENT='plain'><meta property=og:description content='  two \n lines '>
            <meta property=og:site_name content=Harbour></head>",
            Some(("High \"water\"", Some("two lines"), Some("Harbour"))),
        );
        check("<p>no head</p>", None);
        check("<title> \u{202e} </title>", None);
        check("not html at all", None);
        check("", None);
    }

    #[test]
    fn a_page_names_its_picture() {
        let long = format!(
            "<meta property=og:image content='/{}'>",
            "a".repeat(URL_BYTES_MAX)
        );
        for (tags, expect) in [
            ("<meta property='og:image' content=' /a.png '>", Some("/a.png")),
            (
                "<meta name=twitter:image content=/t.png><link rel='icon image_src' href=/l.png>\
                <meta property=og:image:secure_url content='https://example.org/s.jpg'>",
                Some("https://example.org/s.jpg"),
            ),
            (
                "<link rel=image_src href=/l.png><meta name=twitter:image:src content=/t.png>",
                Some("/t.png"),
            ),
            ("<link rel=IMAGE_SRC href=/l.png>", Some("/l.png")),
            (
                "<meta property=og:image content=''><meta name=twitter:image content=/t.png>",
                Some("/t.png"),
            ),
            ("<link rel=icon href=/favicon.ico>", None),
            (&long, None),
            ("<!-- <meta property=og:image content=/a.png> -->", None),
        ] {
            let said = read(&format!("<title>a</title>{tags}")).unwrap();
            assert_eq!(said.picture.as_deref(), expect, "{tags}");
        }
    }

    #[test]
    fn what_only_looks_like_a_tag_is_none() {
        check(
            "<script>'<title>no</title>'</script><title>yes</title>",
            Some(("yes", None, None)),
        );
        check(
            "<!-- <title>no</title> --><title>yes</title>",
            Some(("yes", None, None)),
        );
        check(
            "<style><title>no</title></style><title>yes</title>",
            Some(("yes", None, None)),
        );
        check(
            "<title>a<meta property=og:title content=b></title>",
            Some(("a<meta property=og:title content=b>", None, None)),
        );
        check("<head></head><body><title>no</title>", None);
        check("<title>one</title><title>two</title>", Some(("one", None, None)));
    }

    #[test]
    fn what_is_long_or_deep_is_cut() {
        let said = read(&format!("<title>{}</title>", "long ".repeat(100_000))).unwrap();
        assert_eq!(said.title.chars().count(), TITLE_CHARS_MAX);
        assert!(said.title.ends_with('…'));
        let deep = "<div>".repeat(100_000) + "<title>deep</title>";
        check(&deep, Some(("deep", None, None)));
        check(&"<meta ".repeat(100_000), None);
    }

    #[test]
    fn what_turns_text_round_is_left_out() {
        check(
            "<title>abc\u{202e}fdp.exe\u{7}</title>",
            Some(("abcfdp.exe", None, None)),
        );
    }
}
