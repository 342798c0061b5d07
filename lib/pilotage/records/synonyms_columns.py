"""What our columns are called in usual logs and tools, most telling name first."""

from __future__ import annotations

_CASE_ID = (
    "case_id case_concept_name case ticket ticket_id ticket_number incident incident_id number request_id issue_id "
    "order_id invoice invoice_id invoice_number caseid id vorgang vorgangsnummer fall fall_id pratica id_pratica "
    "numero_ticket dossier expediente"
)
_INTERACTION_ID = (
    "interaction_id run_id trace_id session_id conversation_id dialog_id dialogue_id chat_id thread_id request_id "
    "simulation_id context_trace_id id"
)
_STARTED = (
    "started_at start start_time starttime started start_timestamp time_timestamp timestamp created_at created "
    "begin time start_time_unix_nano starttimeunixnano date datetime ts beginn inizio debut inicio"
)
_TIME = (
    "timestamp time_timestamp at time datetime date event_time ts when created_at zeitpunkt data_ora horodatage fecha"
)
_DURATION = (
    "duration_s duration duration_seconds duration_ms elapsed elapsed_s elapsed_ms latency latency_s latency_ms "
    "runtime durata dauer duree duracion"
)
_IN = (
    "input_tokens prompt_tokens tokens_in gen_ai_usage_input_tokens llm_token_count_prompt usage_prompt_tokens "
    "promptTokens"
)
_OUT = (
    "output_tokens completion_tokens tokens_out gen_ai_usage_output_tokens llm_token_count_completion "
    "usage_completion_tokens completionTokens"
)
_MODEL = (
    "model model_name gen_ai_request_model gen_ai_response_model llm_model_name llm engine modell modello modele modelo"
)
_SEGMENT = (
    "segment region domain channel queue category team department business_unit country product bereich settore reparto"
)

COLUMNS: dict[str, dict[str, str]] = {
    "cases": {
        "case_id": _CASE_ID,
        "opened_at": (
            f"opened_at opened open_time case_startdate startdate start_date received_at {_STARTED} eroffnet aperto"
        ),
        "closed_at": (
            "closed_at closed close_time resolved_at resolved case_enddate enddate end_date finished_at "
            "completed_at end "
            "end_time ended_at geschlossen ende chiuso fine cloture fin cerrado"
        ),
        "handling_minutes": (
            "handling_minutes minutes effort_minutes work_minutes handling_time handling effort work_time "
            "time_spent touch_time minuten minuti"
        ),
        "cost": "cost costs total_cost kosten costo cout coste",
        "error": (
            "error errors wrong defect is_error has_error had_error with_error error_flag error_found is_wrong "
            "was_wrong has_defect had_defect defective incorrect handled_wrongly fehler errore erreur"
        ),
        "value": "value amount total order_value invoice_amount wert betrag importo montant importe",
        "segment": f"{_SEGMENT} case_department case_group",
    },
    "events": {
        "case_id": _CASE_ID,
        "activity": (
            "activity concept_name step event event_name action task activity_name status_name aktivitat taetigkeit "
            "attivita activite actividad"
        ),
        "timestamp": _TIME,
        "resource": (
            "resource org_resource user by agent_name assignee performer employee owner bearbeiter risorsa utente"
        ),
        "lifecycle": "lifecycle lifecycle_transition transition lifecycle_state event_lifecycle",
    },
    "interactions": {
        "interaction_id": _INTERACTION_ID,
        "case_id": "case_id ticket_id ticket case_concept_name incident_id invoice order_id",
        "parent_interaction": "parent_interaction parent_id parent_run_id parent_trace_id parent",
        "task_id": "task_id task scenario scenario_id question_id example_id item_id instance_id",
        "trial": "trial attempt_number repeat repetition run_number trial_id seed",
        "segment": _SEGMENT,
        "started_at": _STARTED,
        "latency_s": (
            f"latency_s latency latency_seconds latency_ms response_time response_time_ms total_time {_DURATION}"
        ),
        "service_s": "service_s service_time service_time_ms processing_time",
        "attempts": "attempts retries tries n_attempts",
        "input_tokens": _IN,
        "output_tokens": _OUT,
        "model": _MODEL,
        "prompt_hash": "prompt_hash prompt_version prompt_id",
        "confidence": "confidence score_confidence probability konfidenz confidenza",
        "outcome": (
            "outcome result status final_status resolution transferred_to_human escalated handed_over handoff "
            "is_escalated "
            "ergebnis esito resultat resultado"
        ),
        "success": (
            "success succeeded is_success solved correct passed pass reward resolved ok erfolg successo succes exito"
        ),
        "cost": "cost cost_usd cost_eur total_cost totalcost agent_cost price kosten costo",
        "input_text": "input_text input question prompt user_message query request eingabe domanda",
        "output_text": "output_text output answer response completion assistant_message reply antwort risposta",
    },
    "model_calls": {
        "call_id": "call_id span_id spanid generation_id context_span_id observation_id request_id id",
        "interaction_id": _INTERACTION_ID,
        "turn": "turn step turn_index index",
        "model": _MODEL,
        "started_at": _STARTED,
        "duration_s": _DURATION,
        "input_tokens": _IN,
        "output_tokens": _OUT,
        "status": "status status_code level outcome result error is_error",
    },
    "tool_calls": {
        "interaction_id": _INTERACTION_ID,
        "seq": "seq call_index index sequence step position call_number order n",
        "tool": "tool tool_name function function_name gen_ai_tool_name action name werkzeug strumento outil",
        "status": "status status_code outcome result error is_error failed success ok",
        "started_at": _STARTED,
        "duration_s": _DURATION,
        "arguments": "arguments args parameters tool_input input kwargs",
        "error_type": "error_type exception error_code error_message",
    },
    "labels": {
        "interaction_id": _INTERACTION_ID,
        "metric": "metric label_name criterion dimension name score_name",
        "value": "value score label rating verdict",
        "source": "source label_source annotator_type annotator_kind",
        "labeller": "labeller labeler annotator annotator_id rater reviewer user judge",
        "stream": "stream sample sampling",
        "inclusion_probability": "inclusion_probability probability sampling_probability weight_probability",
        "labelled_at": f"labelled_at labeled_at annotated_at {_TIME}",
    },
    "feedback": {
        "interaction_id": _INTERACTION_ID,
        "kind": "kind feedback rating thumbs vote sentiment type value bewertung valutazione",
        "at": _TIME,
    },
    "reviews": {
        "review_id": "review_id id",
        "interaction_id": _INTERACTION_ID,
        "action_type": "action_type action type",
        "tier": "tier oversight level",
        "reviewer": "reviewer reviewed_by user approver",
        "decision": "decision verdict outcome result status",
        "reason": "reason comment note",
        "seconds": "seconds review_seconds duration_s duration time_spent",
        "seeded": "seeded is_seeded planted",
        "stream": "stream sample sampling",
        "inclusion_probability": "inclusion_probability sampling_probability probability",
        "queued_at": "queued_at created_at submitted_at requested_at",
        "decided_at": "decided_at reviewed_at approved_at finished_at",
    },
    "texts": {
        "text_id": "text_id id",
        "text": "text prompt content sentence message testo texte",
        "label": "label class category is_injection target",
        "source": "source dataset origin",
        "language": "language lang sprache lingua langue idioma",
        "side": "side direction role",
    },
    "costs": {
        "month": "month period date monat mese mois mes",
        "category": "category type cost_type item kategorie categoria categorie",
        "amount": "amount cost value total betrag importo montant importe eur usd",
        "kind": "kind planned_actual scenario version",
    },
    "training": {
        "person": "person employee name user participant mitarbeiter dipendente",
        "team": "team department group abteilung reparto",
        "course": "course training module title kurs corso cours curso",
        "passed_at": "passed_at passed completed_at date completion_date",
    },
}
for _names in COLUMNS.values():
    _names |= {
        "phase": "phase case_phase stage period project_phase",
        "agent": "agent agent_name agent_id bot assistant",
    }
