//! Questions of the agent: kept until a person has answered, or until they fall away.

use std::time::Duration;

use super::{News, Session, State, Step};
use crate::agent::approval::{Approval, ApprovalId, Ask, Decision};
use crate::agent::command::{from_root, unwrapped};
use crate::agent::encode;
use crate::agent::incoming::{Question, RequestKey, ThreadId};
use crate::agent::outgoing::Outgoing;
use crate::agent::settings::ApprovalPolicy;
use crate::agent::transcript::{Answer, EntryBody, line};

impl Session {
    /// Answer a question. Nothing happens if it has fallen away in the meantime.
    pub fn answer(&mut self, id: ApprovalId, decision: Decision) -> Step {
        let mut step = Step::default();
        if let Some(idx) = self.approvals.iter().position(|approval| approval.id == id) {
            let approval = self.approvals.remove(idx);
            step.outgoing.push(Outgoing::Write(encode::decision(
                &approval.request,
                decision,
            )));
            self.transcript
                .answer(approval.entry, Answer::Given(decision));
        }
        step
    }

    pub(super) fn on_question(
        &mut self,
        request: RequestKey,
        question: Question,
        now: Duration,
        step: &mut Step,
    ) {
        let root = self.settings.root.clone();
        // A policy that asks about everything asks about what the sandbox allows, too.
        let outside = self.settings.approval != ApprovalPolicy::Untrusted;
        let (thread, ask) = match question {
            Question::Command {
                thread,
                item,
                command,
                cwd,
                reason,
            } => {
                let command = command
                    .map(|command| line(&unwrapped(&command)))
                    .or_else(|| self.command_of(&item))
                    .unwrap_or_default();
                let ask = Ask::Command {
                    outside,
                    command,
                    cwd: cwd.map(|cwd| line(&from_root(&cwd, &root))),
                    reason: reason.as_deref().map(line),
                };
                (thread, ask)
            }
            Question::FileChange {
                thread,
                item,
                reason,
                grant_root,
            } => {
                let edits = match self
                    .transcript
                    .entry_of_item(&item)
                    .map(|entry| &entry.body)
                {
                    Some(EntryBody::FileChange { edits, .. }) => edits.clone(),
                    _ => Vec::new(),
                };
                let ask = Ask::FileChange {
                    outside,
                    edits,
                    reason: reason.as_deref().map(line),
                    grant_root: grant_root.map(|root| line(&root)),
                };
                (thread, ask)
            }
            Question::Input {
                thread,
                text,
                reason,
            } => {
                let ask = Ask::Other {
                    what: line(&format!(
                        "type into a running command: {}",
                        text.unwrap_or_default()
                    )),
                    reason: reason.as_deref().map(line),
                };
                (thread, ask)
            }
            Question::Network {
                thread,
                host,
                reason,
            } => {
                let ask = Ask::Other {
                    what: line(&format!("reach {host}")),
                    reason: reason.as_deref().map(line),
                };
                (thread, ask)
            }
            Question::Unknown { method } => {
                step.outgoing
                    .push(Outgoing::Write(encode::refusal(&request, &method)));
                self.warn(
                    &format!("codex asked something that cannot be answered here, and was refused: {method}"),
                    now,
                );
                return;
            }
        };
        // A question of no running turn has nobody waiting for it; refused, it cannot linger.
        if !matches!(self.state, State::Turn(_)) {
            step.outgoing.push(Outgoing::Write(encode::decision(
                &request,
                Decision::Decline,
            )));
            return;
        }
        self.note_activity();
        let id = ApprovalId(self.next_approval);
        self.next_approval += 1;
        let entry = self.entry(
            now,
            EntryBody::Ask {
                approval: id,
                what: ask.says(),
                reason: ask.reason().map(str::to_owned),
                answer: Answer::Pending,
            },
        );
        let sub_agent = self.transcript.sub_agent_name(&thread);
        self.approvals.push(Approval {
            id,
            ask,
            entry,
            asked: now,
            sub_agent,
            request,
            thread,
        });
        step.news.push(News::ApprovalWanted(id));
    }

    fn command_of(&self, item: &str) -> Option<String> {
        match &self.transcript.entry_of_item(item)?.body {
            EntryBody::Command { command, .. } => Some(command.clone()),
            _ => None,
        }
    }

    /// Codex says that a question is answered. If not by us, it has fallen away.
    pub(super) fn on_resolved(&mut self, key: &RequestKey) {
        if let Some(idx) = self
            .approvals
            .iter()
            .position(|approval| &approval.request == key)
        {
            let approval = self.approvals.remove(idx);
            self.transcript.answer(approval.entry, Answer::Gone);
        }
    }

    /// The questions of a thread (of all of them for `None`) fall away.
    pub(super) fn drop_approvals(&mut self, thread: Option<&ThreadId>) {
        let (gone, kept) = std::mem::take(&mut self.approvals)
            .into_iter()
            .partition(|approval| thread.is_none_or(|thread| &approval.thread == thread));
        self.approvals = kept;
        let gone: Vec<Approval> = gone;
        for approval in gone {
            self.transcript.answer(approval.entry, Answer::Gone);
        }
    }
}
