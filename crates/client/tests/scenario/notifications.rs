//! How one is notified: rules for conversations, which wait for the line like all that one keeps, and what is asked of the server.

use pipit_client::command::{Command, Reply};
use pipit_client::io::HttpMethod;
use pipit_wire::ClientFrame;
use pipit_wire::push::{
    NotificationSettings, NotifyRule, Previews, PushOutcome, PushState, PushTest, SetSubscription,
};
use serde_json::json;

use crate::support::*;

#[test]
fn a_rule_is_shown_at_once_and_said_once_there_is_a_line() {
    let mut bob = Device::online(vec![direct(1, 1)]);
    assert_eq!(bob.screen.list[0].personal.notify, NotifyRule::All);
    bob.cut();
    let rule = Command::SetNotify {
        conversation: conversation(1),
        notify: NotifyRule::Mentions,
    };
    assert_eq!(bob.tell(rule), Reply::Done);
    let mut bob = bob.crash();
    assert_eq!(bob.screen.list[0].personal.notify, NotifyRule::Mentions);
    bob.go_online(vec![direct(1, 1)]);
    bob.pass(0);
    let said = bob.sent().into_iter().find_map(|frame| match frame {
        ClientFrame::Personal(said) => Some(said.change),
        _ => None,
    });
    assert_eq!(said.unwrap().notify, Some(NotifyRule::Mentions));
}

#[test]
fn the_server_is_asked() {
    let mut bob = Device::online(vec![]);
    let settings = NotificationSettings {
        previews: Previews::Names,
        quiet: None,
        keywords: vec!["tea".to_owned()],
    };
    let id = bob.command(Command::GetNotifications);
    let asked = bob.answer(200, &settings);
    assert_eq!(
        (asked.method, asked.path.as_str()),
        (HttpMethod::Get, "/v1/me/notifications")
    );
    let told = Some(Reply::Notifications {
        settings: settings.clone(),
    });
    assert_eq!(bob.reply_to(id), told);
    let id = bob.command(Command::SetNotifications {
        settings: settings.clone(),
    });
    let asked = bob.answer(200, &settings);
    assert_eq!(asked.method, HttpMethod::Put);
    assert_eq!(
        serde_json::from_str::<NotificationSettings>(&asked.body.unwrap()).unwrap(),
        settings
    );
    assert_eq!(bob.reply_to(id), told);

    let state = PushState {
        key: Some("BAAA".to_owned()),
        endpoint: None,
    };
    let id = bob.command(Command::GetPush);
    assert_eq!(bob.answer(200, &state).path, "/v1/push");
    assert_eq!(bob.reply_to(id), Some(Reply::Push { state }));
    let subscription = SetSubscription {
        endpoint: "https://push.example.org/x".to_owned(),
        p256dh: "BAAA".to_owned(),
        auth: "AAAA".to_owned(),
        silent: true,
    };
    for (subscription, method) in [(Some(subscription), HttpMethod::Put), (None, HttpMethod::Delete)] {
        let id = bob.command(Command::SetPush { subscription });
        let asked = bob.answer(204, &json!(null));
        assert_eq!(
            (asked.method, asked.path.as_str()),
            (method, "/v1/push/subscription")
        );
        assert_eq!(bob.reply_to(id), Some(Reply::Done));
    }
    let id = bob.command(Command::TestPush);
    let test = PushTest {
        outcome: PushOutcome::Refused,
        status: Some(403),
    };
    assert_eq!(bob.answer(200, &test).path, "/v1/push/test");
    let tested = Reply::PushTested {
        outcome: PushOutcome::Refused,
        status: Some(403),
    };
    assert_eq!(bob.reply_to(id), Some(tested));
}
