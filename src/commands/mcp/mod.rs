//! `untaken mcp`: gaps for any agent, over the Model Context Protocol on standard input and output.
//!
//! Standard output carries the protocol and nothing else. The tools only read; each call looks at the
//! reports anew. What is wrong with a question is an answer with a name, which the agent can read and act
//! on; a fault of the protocol is left to what breaks the protocol.

mod answers;

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use rmcp::handler::server::router::tool::ToolRouter;
use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{CallToolResult, ContentBlock, Implementation, ServerCapabilities, ServerConfig};
use rmcp::{ErrorData, ServerHandler, ServiceExt as _, tool, tool_handler, tool_router};

use self::answers::{Answers, DeltaWanted, FilesWanted, GapWanted, GapsWanted, Refusal};
use super::{Answer, DONE, Failure};
use crate::runtime::serving::Serving;
use crate::settings::Settings;

/// What an agent should know before it calls anything.
const INSTRUCTIONS: &str = "Branches that no test has taken, from the project's coverage report. \
    Call `gaps` for a list (narrow it down by file, below, diff), `gap` for one with the source around it, write a test, run the \
    project's tests with coverage, then call `delta`: an arm is closed when it is in `taken` there, and an arm in `lost` or \
    `vanished` is a defect of the work. Percentages prove nothing. The report is read anew at each call.";

/// Serves until standard input ends.
pub(super) fn run(settings: &Settings) -> Result<Answer, Failure> {
    let server = Server::new(settings);
    // What is there at the start is what `delta` compares with, whether or not anybody asks before the first change.
    server.look();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(Failure::Serving)?;
    let served: Result<_, io::Error> = runtime.block_on(async {
        let running = server
            .serve(rmcp::transport::stdio())
            .await
            .map_err(|error| io::Error::other(format!("no client to speak with: {error}")))?;
        running.waiting().await.map_err(io::Error::other)
    });
    served.map_err(Failure::Serving)?;
    // A reading in progress is nobody's any more.
    runtime.shutdown_background();
    Ok(Answer {
        stdout: String::new(),
        status: DONE,
    })
}

/// The tools, and what they know.
#[derive(Clone)]
struct Server {
    answers: Arc<Mutex<Answers>>,
    tool_router: ToolRouter<Self>,
}

impl Server {
    fn new(settings: &Settings) -> Self {
        Self {
            answers: Arc::new(Mutex::new(Answers::new(
                settings.clone(),
                Serving::new(settings),
            ))),
            tool_router: Self::tool_router(),
        }
    }

    fn look(&self) {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.look();
    }

    /// Asks on a thread that may wait for files.
    async fn ask(
        &self,
        ask: impl FnOnce(&mut Answers) -> Result<String, Refusal> + Send + 'static,
    ) -> Result<CallToolResult, ErrorData> {
        let answers = Arc::clone(&self.answers);
        let answer = tokio::task::spawn_blocking(move || {
            ask(&mut answers.lock().unwrap_or_else(PoisonError::into_inner))
        })
        .await
        .map_err(|error| ErrorData::internal_error(error.to_string(), None))?;
        Ok(match answer {
            Ok(json) => CallToolResult::success(vec![ContentBlock::text(json)]),
            Err(refusal) => CallToolResult::error(vec![ContentBlock::text(refusal.json())]),
        })
    }
}

#[tool_router]
impl Server {
    #[tool(
        description = "Gaps of the project: untaken arms, lines never run, functions never called, worst files first. \
                       The shape is that of `untaken gaps --format json`; `truncated` says that there are more.",
        annotations(title = "List gaps", read_only_hint = true, open_world_hint = false)
    )]
    async fn gaps(
        &self,
        Parameters(wanted): Parameters<GapsWanted>,
    ) -> Result<CallToolResult, ErrorData> {
        self.ask(move |answers| answers.gaps(&wanted)).await
    }

    #[tool(
        description = "One gap by its id, with the source around it, each line with its number and how often it ran.",
        annotations(
            title = "One gap with its source",
            read_only_hint = true,
            open_world_hint = false
        )
    )]
    async fn gap(
        &self,
        Parameters(wanted): Parameters<GapWanted>,
    ) -> Result<CallToolResult, ErrorData> {
        self.ask(move |answers| answers.gap(&wanted)).await
    }

    #[tool(
        description = "What became of arms since this server was started: taken, lost, vanished, and the figures of both. \
                       Run the tests with coverage before.",
        annotations(
            title = "Arms taken, lost, vanished",
            read_only_hint = true,
            open_world_hint = false
        )
    )]
    async fn delta(
        &self,
        Parameters(wanted): Parameters<DeltaWanted>,
    ) -> Result<CallToolResult, ErrorData> {
        self.ask(move |answers| answers.delta(&wanted)).await
    }

    #[tool(
        description = "The totals of the reports, and the files with their figures, worst first.",
        annotations(
            title = "Totals and files",
            read_only_hint = true,
            open_world_hint = false
        )
    )]
    async fn files(
        &self,
        Parameters(wanted): Parameters<FilesWanted>,
    ) -> Result<CallToolResult, ErrorData> {
        self.ask(move |answers| answers.files(&wanted)).await
    }
}

#[tool_handler(router = self.tool_router)]
impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(Implementation::new("untaken", env!("CARGO_PKG_VERSION")))
            .with_instructions(INSTRUCTIONS)
    }
}
