//! One list of cases that every storage passes: what [`pipit_store::Store`] promises, asked for by name.
//!
//! Each case is an `async fn(Arc<dyn Store>)` that gets a storage of its own, fresh and empty. An implementation turns
//! the list into tests, so that every case shows by its name and they run side by side:
//!
//! ```text
//! async fn fresh_store() -> (std::sync::Arc<dyn pipit_store::Store>, tempfile::TempDir) { … }
//! pipit_store_conformance::conformance_tests!(fresh_store);
//! ```
//!
//! What `fresh_store` returns beside the storage is kept until the case has ended. The calling crate needs `tokio` with
//! `macros` and `rt-multi-thread` among its dependencies.
//!
//! Nothing here reads a clock or is random: ids and times are counted, and the properties are seeded.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "every function here is a test or a helper of one: to panic is to fail the case"
)]

pub mod account;
pub mod append;
pub mod archive;
pub mod blob;
pub mod change;
pub mod conversation;
pub mod corpus;
pub mod device;
pub mod encryption;
pub mod expiry;
pub mod invite;
pub mod joining;
pub mod key_log;
pub mod keys;
pub mod log;
pub mod mark;
pub mod opening;
pub mod person;
pub mod picture;
pub mod poll;
pub mod privacy;
pub mod property;
pub mod push;
pub mod receipt;
pub mod report;
pub mod request;
pub mod schedule;
pub mod search;
pub mod summary;
pub mod world;

/// One `#[tokio::test]` for each case, in a module for each area: `conformance_tests!(fresh_store)`, where `fresh_store`
/// is an async function in scope that returns a fresh `Arc<dyn Store>` and whatever must live as long as it does.
#[macro_export]
macro_rules! conformance_tests {
    ($fresh_store:ident) => {
        $crate::case_tests! { $fresh_store;
            account {
                answers_a_ping,
                sets_up_once,
                concurrent_set_ups_make_one_administrator,
                accounts_are_found,
                a_taken_handle_is_refused,
                concurrent_accounts_share_no_handle,
                profiles_are_found,
                a_name_is_changed,
                the_first_key_is_kept,
                an_account_is_suspended,
                a_search_finds_beginnings,
                a_search_takes_wildcards_literally,
                a_search_leaves_out_some,
                a_search_is_limited,
            }
            device {
                devices_are_listed,
                a_device_is_revoked,
                a_device_opens,
                barred_devices_are_found,
                a_touch_never_goes_back,
                an_account_is_seen_by_any_device,
                a_current_token_is_rotated,
                a_predecessor_is_rotated_until_its_successor_is_used,
                an_older_token_revokes_the_device,
                a_replaced_token_revokes_the_device,
                a_suspended_account_rotates_nothing,
                concurrent_rotations_of_one_token_succeed,
                spent_tokens_are_pruned,
            }
            archive {
                a_device_asks_and_another_hands_over,
                parts_are_numbered_once_and_in_order,
                a_backup_is_one_and_its_parts_give_way,
                archives_share_the_accounts_room,
                what_nobody_came_for_goes,
                archives_end_with_their_device,
                a_history_is_for_the_members,
                histories_stay_for_a_time,
                concurrent_parts_share_no_room,
            }
            encryption {
                a_conversation_is_encrypted_from_its_beginning,
                two_people_may_have_an_encrypted_conversation_too,
                the_log_keeps_the_epoch,
                a_repeated_handshake_is_answered_like_the_first,
                epochs_hold_within_a_batch,
                concurrent_commits_end_an_epoch_once,
                what_was_sealed_is_counted_though_it_is_refused,
                what_is_plain_stays_out_of_an_encrypted_conversation,
                a_group_is_described_as_it_is,
            }
            invite {
                an_invite_is_used_up,
                an_invite_expires,
                an_invite_is_revoked,
                invites_are_listed,
                ended_invites_are_pruned,
                a_refused_account_uses_no_invite,
                concurrent_accounts_share_no_last_use,
            }
            joining {
                a_group_is_set,
                announcements_are_a_fact,
                newcomers_read_what_the_group_says,
                who_is_banned_is_kept_out,
                a_ban_holds_within_its_batch,
                who_has_taken_somebody_out_is_known,
                a_link_to_a_group_is_used_up,
                the_last_use_of_a_link_is_one,
                requests_to_be_let_in,
            }
            key_log {
                a_log_says_what_came_and_went,
                a_vouch_is_kept_and_nothing_is_said_twice,
                who_vouches_has_to_stand,
                a_recovery_key_takes_the_place_of_the_one_before,
                logs_of_members_are_read,
                concurrent_keys_of_one_account_are_one_chain,
            }
            person {
                blocks_are_set_and_lifted,
                the_blocked_are_filtered,
                settings_are_kept,
                what_is_kept_of_a_conversation_is_shown_to_its_owner_alone,
                what_is_kept_of_a_conversation_ends_with_the_membership,
                what_is_deleted_for_oneself_only_grows,
            }
            privacy {
                privacy_is_kept,
                what_is_read_is_told_to_those_who_tell,
                who_does_not_want_to_be_found_is_not,
                the_conversations_of_two_are_found,
                the_blocked_are_listed,
            }
            report {
                reports_are_kept_and_listed,
                reports_are_closed_and_pruned,
                a_reporter_has_so_many_open,
            }
            push {
                the_first_push_key_is_kept,
                a_subscription_is_set_and_ended,
                a_subscription_ends_with_its_device,
                an_address_is_one_devices,
                a_message_is_pushed_to_who_has_not_read_it,
                a_target_knows_its_rules,
                what_was_shown_is_known_until_it_is_cleared,
            }
            request {
                a_request_waits_for_an_answer,
                a_stranger_learns_nothing,
                a_request_is_not_searched,
                who_is_added_to_a_group_may_be_asked,
                who_has_invited_whom_is_known,
            }
            conversation {
                a_direct_conversation_is_made,
                two_people_have_one_direct_conversation,
                notes_are_a_direct_conversation_with_oneself,
                concurrent_direct_conversations_are_one,
                a_group_is_made,
                a_group_is_made_once,
                concurrent_groups_with_one_id_are_one,
                the_access_to_a_group_is_found,
                the_access_to_a_direct_conversation_is_found,
                conversation_ids_are_listed,
                memberships_of_many_are_listed,
                members_are_paged,
                members_after_one_that_has_left,
                members_are_searched_by_role_first,
                the_acquainted_are_filtered,
                a_large_group_is_made,
            }
            expiry {
                a_message_carries_the_timer_that_held,
                what_has_expired_is_erased,
                what_has_expired_does_not_change,
                what_was_deleted_does_not_expire,
            }
            poll {
                votes_are_counted,
                a_vote_stands,
                a_closed_poll_takes_no_votes,
                votes_of_a_batch_are_counted,
                votes_are_erased_with_their_poll,
                votes_expire_with_their_poll,
            }
            schedule {
                scheduled_messages_are_due_at_their_time,
                files_are_kept_while_a_message_is_scheduled,
                who_leaves_has_no_files_for_later,
                a_file_may_be_kept_for_longer,
                a_refused_one_waits_for_its_author,
                what_is_over_does_not_come_back,
                who_leaves_sends_nothing_later,
            }
            summary {
                a_summary_says_it_all,
                a_direct_conversation_has_no_title,
                a_new_title_is_shown,
                a_large_group_shows_its_first_members,
                the_list_is_newest_first,
                the_list_is_paged,
            }
            append {
                an_entry_comes_back_whole,
                a_batch_keeps_order_in_each_conversation,
                a_refused_entry_leaves_no_gap,
                a_repetition_gets_the_first_answer,
                a_repetition_in_one_batch_is_one_entry,
                a_used_id_is_refused,
                an_id_is_independent_in_another_conversation,
                stale_roles_are_refused,
                stale_counts_are_refused,
                a_block_is_a_stale_fact,
                facts_see_the_batch_so_far,
                members_come_and_go,
                roles_change,
                what_cannot_be_applied_is_stale,
                an_unknown_entry_keeps_its_place,
                concurrent_appends_leave_no_gap,
            }
            keys {
                a_device_says_its_key_once,
                key_packages_are_given_away_once,
                a_pool_of_key_packages_is_bounded_and_replaced,
                concurrent_claims_share_no_key_package,
                a_new_generation_gives_nothing_away_twice,
                a_welcome_waits_for_its_commit_and_its_device,
                welcomes_are_bounded,
                losers_of_a_race_leave_the_welcome,
            }
            log {
                ranges_are_read,
                a_newcomer_reads_from_their_first_entry,
                only_members_read,
                a_cursor_is_caught_up_or_has_a_gap,
                a_cursor_begins_at_the_first_entry,
                many_cursors_are_caught_up,
                the_last_seq_is_found,
                the_last_seqs_are_found,
                entries_are_read_by_whoever_asks,
            }
            receipt {
                markers_move_forward,
                markers_stay_within_the_log,
                outsiders_have_no_markers,
                a_batch_has_an_outcome_each,
                the_list_of_markers_is_limited,
                concurrent_advances_converge,
                unread_messages_are_counted,
            }
            search {
                words_are_found_in_many_languages,
                operators_of_databases_are_words,
                a_search_is_narrowed,
                only_what_may_be_read_is_found,
                members_of_many_conversations_find_everything,
                what_others_say_hides_nothing,
                what_is_found_is_paged,
                an_edited_message_is_found_by_its_last_text,
                a_deleted_message_is_not_found,
                sealed_messages_are_not_found,
                the_index_catches_up,
                concurrent_indexing_is_one,
                conversations_are_listed_by_name,
            }
            blob {
                an_upload_grows,
                what_does_not_fit_is_refused,
                room_ends,
                concurrent_uploads_share_no_room,
                concurrent_parts_do_not_mix,
                an_upload_is_finished,
                a_message_needs_its_files,
                members_read_files,
                the_abandoned_are_taken,
                files_go_with_their_last_message,
                only_the_owner_removes,
                sealed_files_go_with_sealed_messages_alone,
                nothing_is_kept_of_what_a_sealed_file_is,
            }
            picture {
                members_see_the_groups_picture,
                a_groups_old_picture_is_given_up,
                pictures_of_a_batch_are_counted,
                a_face_is_changed,
                acquaintances_see_a_picture,
            }
            change {
                the_last_edit_counts,
                an_edit_leaves_the_files,
                edits_are_limited,
                a_deletion_erases,
                what_was_erased_is_still_a_repetition,
                a_change_needs_its_message,
                a_stale_change_is_refused,
                changes_see_the_batch_so_far,
                concurrent_changes_converge,
            }
            mark {
                reactions_are_counted,
                many_reactions_name_a_few,
                what_is_so_already_stands,
                different_emoji_are_limited,
                pins_are_listed,
                states_are_for_readers,
                states_are_not_for_others,
                pages_have_their_own_states,
            }
            property {
                history_1_agrees_with_a_recount,
                history_2_agrees_with_a_recount,
                history_3_agrees_with_a_recount,
                history_4_agrees_with_a_recount,
            }
        }
    };
}

/// What [`conformance_tests!`] is made of.
#[doc(hidden)]
#[macro_export]
macro_rules! case_tests {
    ($fresh_store:ident; $($area:ident { $($case:ident,)* })*) => {$(
        mod $area {
            $(
                #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    let (store, _keep) = super::$fresh_store().await;
                    $crate::$area::$case(store).await;
                }
            )*
        }
    )*};
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    /// A case that is not on the list would never run: every function of the areas that takes a storage is there.
    #[test]
    fn every_case_is_on_the_list() {
        let areas = [
            include_str!("account.rs"),
            include_str!("append.rs"),
            include_str!("blob.rs"),
            include_str!("change.rs"),
            include_str!("conversation.rs"),
            include_str!("device.rs"),
            include_str!("encryption.rs"),
            include_str!("invite.rs"),
            include_str!("joining.rs"),
            include_str!("keys.rs"),
            include_str!("log.rs"),
            include_str!("mark.rs"),
            include_str!("person.rs"),
            include_str!("picture.rs"),
            include_str!("receipt.rs"),
            include_str!("search.rs"),
            include_str!("summary.rs"),
        ];
        let list = include_str!("lib.rs");
        let listed: BTreeSet<&str> = list
            .lines()
            .map(|line| line.trim().trim_end_matches(','))
            .collect();
        let mut count = 0;
        for line in areas.iter().flat_map(|area| area.lines()) {
            if let Some((name, _)) = line
                .strip_prefix("pub async fn ")
                .and_then(|rest| rest.split_once('('))
            {
                assert!(listed.contains(name), "{name} is not on the list");
                count += 1;
            }
        }
        assert!(count > 50, "{count} cases were found");
    }
}
