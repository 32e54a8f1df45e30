use super::*;
use crate::clock::SystemRandom;

const NOW: Timestamp = Timestamp(1_700_000_000_500);

fn tokens(key: u8) -> AccessTokens {
    AccessTokens::new(&SigningKey([key; 32]))
}

fn ids() -> (UserId, DeviceId) {
    (UserId::from_bytes([1; 16]), DeviceId::from_bytes([2; 16]))
}

fn encoded(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(text)
}

#[test]
fn a_token_says_what_was_signed_until_it_ends() {
    let tokens = tokens(1);
    let (user, device) = ids();
    let (token, expires_at) = tokens.issue(user, device, NOW).unwrap();
    assert_eq!(expires_at, Timestamp(1_700_000_900_000));
    let claims = tokens.check(&token, NOW).unwrap();
    assert_eq!(
        (claims.sub, claims.device, claims.exp - claims.iat),
        (user, device, ACCESS_TOKEN_S)
    );
    assert!(tokens.check(&token, expires_at.plus_ms(-1)).is_ok());
    assert_eq!(
        tokens.check(&token, expires_at).unwrap_err().message,
        "the access token has expired"
    );
}

/// The signature of a known token, by an independent program:
/// `printf %s "$head.$claims" | openssl dgst -sha256 -mac hmac -macopt hexkey:0101… -binary | basenc --base64url`.
#[test]
fn it_is_a_plain_jwt() {
    let tokens = tokens(1);
    let (user, device) = ids();
    let (token, _) = tokens.issue(user, device, NOW).unwrap();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let (head, claims) = signed.split_once('.').unwrap();
    assert_eq!(
        URL_SAFE_NO_PAD.decode(head).unwrap(),
        br#"{"typ":"JWT","alg":"HS256"}"#
    );
    insta::assert_snapshot!(String::from_utf8(URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap());
    insta::assert_snapshot!(signature);
}

#[test]
fn whatever_else_is_refused() {
    let tokens = tokens(1);
    let (user, device) = ids();
    let (token, _) = tokens.issue(user, device, NOW).unwrap();
    let (others, _) = self::tokens(2).issue(user, device, NOW).unwrap();
    let parts: Vec<&str> = token.split('.').collect();
    let [head, claims, signature] = parts[..] else {
        panic!("{token}")
    };
    let none = encoded(r#"{"typ":"JWT","alg":"none"}"#);
    let hs512 = encoded(r#"{"typ":"JWT","alg":"HS512"}"#);
    let rs256 = encoded(r#"{"typ":"JWT","alg":"RS256"}"#);
    let forged = encoded(&format!(
        r#"{{"sub":"{user}","device":"{device}","iat":0,"exp":9999999999}}"#
    ));
    for bad in [
        String::new(),
        "..".to_owned(),
        "a.b.c".to_owned(),
        others,
        format!("{head}.{claims}"),
        format!("{head}.{claims}."),
        format!("{head}.{forged}.{signature}"),
        format!("{none}.{claims}."),
        format!("{none}.{claims}.{signature}"),
        format!("{hs512}.{claims}.{signature}"),
        format!("{rs256}.{claims}.{signature}"),
        format!("{token}x"),
        format!(" {token}"),
        "x".repeat(1_000_000),
        "\0".repeat(300),
    ] {
        assert_eq!(
            tokens.check(&bad, NOW).unwrap_err().code,
            ErrorCode::Unauthenticated,
            "{bad}"
        );
    }
}

#[test]
fn a_secret_is_known_by_its_hash_and_kind() {
    let secret = Secret::new(SecretKind::Refresh, &SystemRandom);
    assert!(secret.text.starts_with("pipit_rt_"));
    assert_eq!(secret.text.len(), 9 + 43);
    assert_eq!(presented(SecretKind::Refresh, &secret.text), Some(secret.hash));
    assert_eq!(presented(SecretKind::Invite, &secret.text), None);
    for bad in ["", "pipit_rt_", "pipit_rt_AAAA", "pipit_rt_!!!!", "x"] {
        assert_eq!(presented(SecretKind::Refresh, bad), None, "{bad}");
    }
    assert_eq!(
        presented(
            SecretKind::Refresh,
            &format!("pipit_rt_{}", "A".repeat(1_000_000))
        ),
        None
    );
}
