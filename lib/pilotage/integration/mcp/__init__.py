"""Tools by the Model Context Protocol: which checks such a server gets, and the codes of why they fail."""

from __future__ import annotations

from collections.abc import Mapping

from pilotage.playbook.systems import McpSystem

TOKEN_ENV = "PILOTAGE_MCP_TOKEN"  # by which the embedded server is told what token to ask for
CODES: Mapping[str, str] = {
    "crashed": "The server's process ended by itself; the evidence has its exit code and last words on standard error.",
    "cannot_start": "The command cannot be started; check that the program is installed and the path is right.",
    "connection_lost": "The server closed the connection before it had answered; look into its log.",
    "http_error": "The server answers with an HTTP status that carries no answer of the protocol.",
    "not_json_rpc": "What answers does not speak the protocol: its answer is no JSON-RPC; check the address's path.",
    "wrong_version": "The server does not speak a version that is pinned; pin what it speaks, or change the server.",
    "no_auth": "The server answers callers without a token; let it refuse them with status 401.",
    "any_token": "The server takes any token whatever; let it verify tokens.",
    "origin_accepted": "The server answers pages of foreign origin (DNS rebinding); let it check Origin and Host.",
    "refused_otherwise": "The server turns callers away, as it must, but in a way that clients do not understand; let "
    "it answer with status 401 where the token is missing or wrong, and with 403 where the origin is foreign.",
    "bad_list": "The list of tools cannot be read or has no end, or is empty although safe_calls name tools.",
    "duplicate_name": "Two tools have the same name, so nobody knows which one is called.",
    "illegal_name": "A tool's name has other characters than letters, digits, dot, hyphen and underscore, or over 128.",
    "invalid_schema": "A tool's schema is no valid JSON Schema of an object, in the draft that it names or 2020-12.",
    "external_ref": "A tool's schema refers to something outside of itself, which may change and may be hostile.",
    "poisoned_description": "A tool's definition seems to give the model instructions that have no business there; "
    "where a person has read it and finds it honest, name the tool in poisoning_accepted.",
    "hidden_characters": "A tool's definition has characters that people do not see and models do.",
    "list_too_costly": "The list of tools costs more tokens at every turn than allowed; offer fewer or shorter ones.",
    "call_failed": "A call that should work was answered with an error.",
    "no_safe_call": "Not made, because the entry names no call under safe_calls that changes nothing.",
    "wrong_answer": "A call was answered, and its answer is not what it should be, or has not the form of a result.",
    "masked_error": "An error was answered as if it were a result (isError is not set), so the agent believes it; "
    "for an answer that may read like one, write under contains what must stand in it.",
    "too_slow": "95% of the safe calls should be answered faster.",
    "accepted_invalid": "Arguments that the tool's own schema forbids were taken without an error.",
    "accepted_unknown_tool": "A call of a tool that does not exist was answered as if it did.",
    "leaks_traceback": "An error shows the server's inner code; let it say what was wrong with the call.",
    "rug_pull": "The tools' definitions changed while they were in use; trust no tool of this server.",
    "stdout_noise": "Standard output has lines that are no messages of the protocol; print to standard error.",
    "sdk_refuses": "The official client cannot work with this server, though a patient reader can.",
    "other_definitions": "The stand-in's tools are not those that were pinned.",
    "other_answers": "The stand-in answers the safe calls otherwise.",
    "agent_differs": "The same agent gives other answers with the stand-in's tools.",
    "no_stand_in": "The system named in replaceable_by is not in the playbook, is not one of MCP, or does not answer.",
}


def planned(system: McpSystem) -> list[str]:
    """The ids of the checks that this entry gets, in order."""
    http = system.address is not None
    wanted = {
        "reachable": True,
        "protocol_version": True,
        "auth": http and system.auth == "bearer",
        "origin": http,
        "tool_names": True,
        "tool_schemas": True,
        "poisoning": True,
        "pinned": True,
        "tool_list_tokens": system.tool_list_tokens_max is not None,
        "safe_calls": True,
        "p95": True,
        "invalid_arguments": bool(system.safe_calls),
        "unknown_tool": True,
        "same_tools_again": True,
        "official_client": True,
        "replaceable": system.replaceable_by is not None,
        "stdout": not http,
    }
    return [f"mcp.{name}" for name, applies in wanted.items() if applies]
