use super::*;

const ROLES: [Role; 4] = [Role::Member, Role::Moderator, Role::Admin, Role::Owner];

fn actor(role: Role) -> Actor {
    Actor {
        role: Some(role),
        suspended: false,
        blocked: false,
        unanswered: false,
    }
}

fn group() -> Place {
    Place {
        kind: ConversationKind::Group,
        encrypted: false,
        announcements: false,
        owner_count: 2,
        member_count: 10,
        member_count_max: 100,
    }
}

fn direct() -> Place {
    Place {
        kind: ConversationKind::Direct,
        owner_count: 0,
        member_count: 2,
        ..group()
    }
}

fn every_action() -> Vec<Action> {
    let mut actions = vec![
        Action::Read,
        Action::MarkReceipt,
        Action::ShowTyping,
        Action::Send,
        Action::SendSealed,
        Action::ChangeSealed,
        Action::ChangeSealedProfile,
        Action::ChangeDevices,
        Action::ReadKeys,
        Action::ShowHistory,
        Action::KeepUnsent,
        Action::React,
        Action::Vote,
        Action::CloseOwnPoll,
        Action::EditOwn,
        Action::EditOthers,
        Action::DeleteOwn,
        Action::Pin,
        Action::ChangeProfile,
        Action::ChangeSettings,
        Action::SetTimer,
        Action::AddMembers { count: 1 },
        Action::ManageInvites,
        Action::Leave,
    ];
    for target in ROLES {
        actions.extend([
            Action::DeleteOthers { target },
            Action::CloseOthersPoll { target },
            Action::Silence { target },
            Action::Remove { target },
            Action::Ban { target },
            Action::StepDown { to: target },
        ]);
        actions.extend(ROLES.map(|to| Action::ChangeRole { target, to }));
    }
    actions
}

/// One letter a role (member, moderator, admin, owner): `y` may, `r` role too low, `t` target not below, `a` not the author.
fn check(action: Action, expect: &str) {
    let got: String = ROLES
        .iter()
        .map(|role| match authorize(actor(*role), action, group()) {
            Ok(()) => 'y',
            Err(Refusal::RoleTooLow { .. }) => 'r',
            Err(Refusal::TargetNotBelow) => 't',
            Err(Refusal::NotAuthor) => 'a',
            Err(other) => panic!("{action:?} by {role:?}: {other}"),
        })
        .collect();
    assert_eq!(got, expect, "{action:?}");
}

#[test]
fn what_each_role_may_do_in_a_group() {
    for action in [
        Action::Read,
        Action::MarkReceipt,
        Action::ShowTyping,
        Action::Send,
        Action::React,
        Action::Vote,
        Action::CloseOwnPoll,
        Action::EditOwn,
        Action::DeleteOwn,
        Action::Leave,
    ] {
        check(action, "yyyy");
    }
    check(Action::Pin, "ryyy");
    check(Action::EditOthers, "aaaa");
    for action in [
        Action::ChangeProfile,
        Action::ChangeSettings,
        Action::SetTimer,
        Action::ManageInvites,
        Action::AddMembers { count: 1 },
    ] {
        check(action, "rryy");
    }
    for (target, expect) in [
        (Role::Member, "ryyy"),
        (Role::Moderator, "rtyy"),
        (Role::Admin, "rtty"),
        (Role::Owner, "rttt"),
    ] {
        check(Action::DeleteOthers { target }, expect);
        check(Action::CloseOthersPoll { target }, expect);
        check(Action::Silence { target }, expect);
        check(Action::Remove { target }, expect);
        check(Action::Ban { target }, expect);
    }
}

#[test]
fn who_may_change_which_role() {
    for (target, to, expect) in [
        (Role::Member, Role::Moderator, "rryy"),
        (Role::Moderator, Role::Member, "rryy"),
        (Role::Member, Role::Admin, "rrty"),
        (Role::Member, Role::Owner, "rrty"),
        (Role::Admin, Role::Member, "rrty"),
        (Role::Admin, Role::Owner, "rrty"),
        (Role::Owner, Role::Member, "rrtt"),
    ] {
        check(Action::ChangeRole { target, to }, expect);
    }
    check(Action::StepDown { to: Role::Member }, "tyyy");
    check(Action::StepDown { to: Role::Admin }, "ttty");
    check(Action::StepDown { to: Role::Owner }, "tttt");
}

#[test]
fn a_direct_conversation_has_no_roles_to_use() {
    for action in every_action() {
        let allowed = matches!(
            action,
            Action::Read
                | Action::MarkReceipt
                | Action::KeepUnsent
                | Action::ShowTyping
                | Action::Send
                | Action::React
                | Action::Vote
                | Action::CloseOwnPoll
                | Action::EditOwn
                | Action::DeleteOwn
                | Action::Pin
                | Action::SetTimer
        );
        let expect = match action {
            _ if allowed => Ok(()),
            Action::EditOthers => Err(Refusal::NotAuthor),
            Action::SendSealed
            | Action::ChangeSealed
            | Action::ChangeSealedProfile
            | Action::ChangeDevices
            | Action::ReadKeys
            | Action::ShowHistory => Err(Refusal::NotEncrypted),
            _ => Err(Refusal::OnlyInGroups),
        };
        assert_eq!(
            authorize(actor(Role::Member), action, direct()),
            expect,
            "{action:?}"
        );
    }
}

#[test]
fn a_block_stops_what_is_new_and_leaves_what_was() {
    let blocked = Actor {
        blocked: true,
        ..actor(Role::Member)
    };
    for (action, expect) in [
        (Action::Read, Ok(())),
        (Action::MarkReceipt, Ok(())),
        (Action::DeleteOwn, Ok(())),
        (Action::Send, Err(Refusal::Blocked)),
        (Action::React, Err(Refusal::Blocked)),
        (Action::EditOwn, Err(Refusal::Blocked)),
        (Action::ShowTyping, Err(Refusal::Blocked)),
        (Action::Pin, Err(Refusal::Blocked)),
        (Action::SetTimer, Err(Refusal::Blocked)),
    ] {
        assert_eq!(authorize(blocked, action, direct()), expect, "{action:?}");
    }
}

#[test]
fn neither_strangers_nor_suspended_accounts_may_do_anything() {
    for place in [group(), direct()] {
        for action in every_action() {
            let stranger = Actor {
                role: None,
                suspended: false,
                blocked: false,
                unanswered: false,
            };
            assert_eq!(
                authorize(stranger, action, place),
                Err(Refusal::NotMember),
                "{action:?}"
            );
            let suspended = Actor {
                suspended: true,
                ..actor(Role::Owner)
            };
            assert_eq!(
                authorize(suspended, action, place),
                Err(Refusal::Suspended),
                "{action:?}"
            );
        }
    }
}

#[test]
fn a_request_shows_nothing_until_it_is_answered() {
    let asked = Actor {
        unanswered: true,
        ..actor(Role::Member)
    };
    for action in every_action() {
        let expect = match action {
            Action::MarkReceipt | Action::ShowTyping | Action::ChangeDevices => Err(Refusal::Unanswered),
            _ => authorize(actor(Role::Member), action, direct()),
        };
        assert_eq!(authorize(asked, action, direct()), expect, "{action:?}");
    }
}

#[test]
fn a_group_keeps_an_owner() {
    let last = Place {
        owner_count: 1,
        ..group()
    };
    for action in [Action::Leave, Action::StepDown { to: Role::Member }] {
        assert_eq!(
            authorize(actor(Role::Owner), action, last),
            Err(Refusal::LastOwner)
        );
        assert_eq!(authorize(actor(Role::Owner), action, group()), Ok(()));
    }
    assert_eq!(authorize(actor(Role::Admin), Action::Leave, last), Ok(()));
    let alone = Place {
        owner_count: 1,
        member_count: 1,
        ..group()
    };
    assert_eq!(authorize(actor(Role::Owner), Action::Leave, alone), Ok(()));
}

#[test]
fn a_group_does_not_grow_past_its_limit() {
    let nearly_full = Place {
        member_count: 99,
        ..group()
    };
    let add = |count| authorize(actor(Role::Admin), Action::AddMembers { count }, nearly_full);
    assert_eq!(add(1), Ok(()));
    assert_eq!(add(2), Err(Refusal::GroupFull { max: 100 }));
    assert_eq!(add(u32::MAX), Err(Refusal::GroupFull { max: 100 }));
}

#[test]
fn who_is_kept_out_does_not_come_in() {
    let joiner = Joiner {
        banned: false,
        suspended: false,
    };
    let banned = Joiner {
        banned: true,
        ..joiner
    };
    let suspended = Joiner {
        suspended: true,
        ..joiner
    };
    let full = Place {
        member_count: 100,
        ..group()
    };
    for (joiner, place, expect) in [
        (joiner, group(), Ok(())),
        (banned, group(), Err(Refusal::Banned)),
        (suspended, group(), Err(Refusal::Suspended)),
        (joiner, full, Err(Refusal::GroupFull { max: 100 })),
        (banned, full, Err(Refusal::Banned)),
        (joiner, direct(), Err(Refusal::OnlyInGroups)),
    ] {
        assert_eq!(
            authorize_joining(joiner, place),
            expect,
            "{joiner:?} in {place:?}"
        );
    }
}

#[test]
fn only_admins_write_announcements() {
    let place = Place {
        announcements: true,
        ..group()
    };
    for action in [Action::Send, Action::ShowTyping, Action::EditOwn] {
        for role in [Role::Member, Role::Moderator] {
            assert_eq!(
                authorize(actor(role), action, place),
                Err(Refusal::AnnouncementsOnly)
            );
        }
        for role in [Role::Admin, Role::Owner] {
            assert_eq!(authorize(actor(role), action, place), Ok(()));
        }
    }
    assert_eq!(authorize(actor(Role::Member), Action::React, place), Ok(()));
}

#[test]
fn every_refusal_has_a_code_of_its_own_kind() {
    assert_eq!(Refusal::NotMember.code(), ErrorCode::NotMember);
    assert_eq!(Refusal::LastOwner.code(), ErrorCode::OwnerRequired);
    assert_eq!(Refusal::GroupFull { max: 1 }.code(), ErrorCode::GroupTooLarge);
    assert_eq!(Refusal::TargetNotBelow.code(), ErrorCode::Forbidden);
    assert_eq!(Refusal::Blocked.code(), ErrorCode::Blocked);
    assert_eq!(Refusal::Suspended.code(), ErrorCode::Suspended);
    assert_eq!(Refusal::Banned.code(), ErrorCode::Banned);
}

/// Which of the actions that carry words, and which of those about devices, are possible in an encrypted conversation: all others are as elsewhere.
#[test]
fn into_an_encrypted_conversation_goes_only_what_is_sealed() {
    for open in [group(), direct()] {
        let sealed = Place {
            encrypted: true,
            ..open
        };
        for action in every_action() {
            let (in_open, in_sealed) = (
                authorize(actor(Role::Owner), action, open),
                authorize(actor(Role::Owner), action, sealed),
            );
            match action {
                Action::SendSealed | Action::ChangeSealed | Action::ChangeDevices | Action::ReadKeys => {
                    assert_eq!(in_open, Err(Refusal::NotEncrypted), "{action:?}");
                    assert_eq!(in_sealed, Ok(()), "{action:?}");
                }
                Action::ChangeSealedProfile | Action::ShowHistory => {
                    let expect = match open.kind {
                        ConversationKind::Group => Ok(()),
                        ConversationKind::Direct => Err(Refusal::OnlyInGroups),
                    };
                    assert_eq!(in_open, Err(Refusal::NotEncrypted), "{action:?}");
                    assert_eq!(in_sealed, expect, "{action:?}");
                }
                Action::Send
                | Action::KeepUnsent
                | Action::React
                | Action::Vote
                | Action::CloseOwnPoll
                | Action::CloseOthersPoll { .. }
                | Action::EditOwn
                | Action::EditOthers
                | Action::ChangeProfile => assert_eq!(in_sealed, Err(Refusal::SealedOnly), "{action:?}"),
                _ => assert_eq!(in_open, in_sealed, "{action:?}"),
            }
        }
    }
}

/// Who says something sealed, who says what a group is, and who shows its past.
#[test]
fn roles_hold_in_encrypted_conversations() {
    let announced = Place {
        encrypted: true,
        announcements: true,
        ..group()
    };
    let member = actor(Role::Member);
    assert_eq!(
        authorize(member, Action::SendSealed, announced),
        Err(Refusal::AnnouncementsOnly)
    );
    for action in [Action::ChangeDevices, Action::ChangeSealed] {
        assert_eq!(authorize(member, action, announced), Ok(()), "{action:?}");
    }
    for role in ROLES {
        let may = authorize(actor(role), Action::ChangeSealedProfile, announced);
        assert_eq!(
            may,
            authorize(actor(role), Action::ShowHistory, announced),
            "{role:?}"
        );
        assert_eq!(may.is_ok(), role >= Role::Admin, "{role:?}");
    }
    let blocked = Actor {
        blocked: true,
        ..member
    };
    let sealed = Place {
        encrypted: true,
        ..direct()
    };
    for action in [Action::SendSealed, Action::ChangeSealed, Action::ChangeDevices] {
        assert_eq!(
            authorize(blocked, action, sealed),
            Err(Refusal::Blocked),
            "{action:?}"
        );
    }
}
