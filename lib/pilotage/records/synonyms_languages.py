"""What our columns are called in German, Italian, French and Spanish exports; a umlaut also stands for its two letters.

A name that several tables use is listed where it is most telling; the English ones come first in every case.
"""

from __future__ import annotations

_CASE_ID = (
    "vorgang vorgangsnummer vorgangs_nr vorgangs_id fall fallnummer fall_nr fall_id aktenzeichen auftrag "
    "auftragsnummer auftrags_nr rechnung rechnungsnummer rechnungs_nr beleg belegnummer beleg_nr bestellnummer "
    "bestell_nr ticketnummer ticket_nr "
    "pratica numero_pratica n_pratica fattura numero_fattura n_fattura ordine numero_ordine richiesta numero_richiesta "
    "numero_dossier n_dossier numero_de_dossier facture numero_facture n_facture numero_de_facture commande "
    "numero_commande numero_de_commande demande numero_de_demande "
    "numero_expediente n_expediente numero_de_expediente factura n_factura numero_de_factura pedido numero_pedido "
    "numero_de_pedido solicitud numero_de_solicitud"
)
_STARTED = (
    "beginn begonnen begonnen_am gestartet gestartet_am start_am startzeit anfang "
    "inizio iniziato iniziato_il avviato data_inizio debut debute_le date_debut date_de_debut "
    "inicio iniciado iniciado_el fecha_inicio fecha_de_inicio"
)
_TIME = (
    "zeitstempel zeitpunkt zeit datum datum_uhrzeit datum_und_uhrzeit data data_ora data_e_ora orario "
    "horodatage date_heure date_et_heure fecha fecha_hora fecha_y_hora marca_de_tiempo"
)
_SEGMENT = (
    "abteilung bereich team gruppe sparte kanal mandant land warteschlange reparto settore canale gruppo paese "
    "service departement equipe canal pays departamento equipo pais seccion"
)

LANGUAGES: dict[str, dict[str, str]] = {
    "cases": {
        "case_id": _CASE_ID,
        "opened_at": (
            "eröffnet eröffnet_am eröffnung eröffnungsdatum geöffnet geöffnet_am eingang eingang_am eingangsdatum "
            "eingegangen eingegangen_am erstellt erstellt_am erstelldatum angelegt angelegt_am erfasst erfasst_am "
            "gemeldet gemeldet_am "
            "aperto_il aperta aperta_il apertura data_apertura data_di_apertura creato creato_il data_creazione "
            "data_di_creazione ricevuto ricevuto_il data_ricezione "
            "ouvert ouvert_le ouverture date_ouverture date_d_ouverture cree cree_le date_creation date_de_creation "
            "recu recu_le date_reception date_de_reception "
            "abierto abierto_el fecha_apertura fecha_de_apertura creado creado_el fecha_creacion fecha_de_creacion "
            f"recibido recibido_el fecha_recepcion fecha_de_recepcion {_STARTED}"
        ),
        "closed_at": (
            "geschlossen_am erledigt erledigt_am erledigung abgeschlossen abgeschlossen_am abschluss abschlussdatum "
            "beendet beendet_am gelöst gelöst_am enddatum "
            "chiuso_il chiusa chiusa_il chiusura data_chiusura data_di_chiusura risolto risolto_il completato "
            "completato_il data_fine "
            "ferme ferme_le clos clos_le cloture_le date_cloture date_de_cloture resolu resolu_le termine termine_le "
            "date_fin date_de_fin "
            "cerrado_el cierre fecha_cierre fecha_de_cierre resuelto resuelto_el terminado fecha_fin fecha_de_fin"
        ),
        "handling_minutes": (
            "bearbeitungszeit bearbeitungsdauer bearbeitungsminuten bearbeitungszeit_min arbeitszeit aufwand "
            "tempo_di_lavorazione tempo_lavorazione tempo_di_gestione tempo_gestione "
            "temps_de_traitement temps_traitement duree_de_traitement duree_traitement "
            "tiempo_de_gestion tiempo_gestion tiempo_de_tramitacion minutos"
        ),
        "cost": "gesamtkosten costi costo_totale couts cout_total costes coste_total",
        "error": (
            "fehlerhaft mit_fehler hat_fehler falsch errato errata con_errore ha_errore errori "
            "en_erreur avec_erreur a_une_erreur erreurs errores con_error con_errores erroneo tiene_error"
        ),
        "value": "rechnungsbetrag summe valore totale importo_totale valeur montant_total valor importe_total",
        "segment": _SEGMENT,
    },
    "events": {
        "case_id": _CASE_ID,
        "activity": (
            "aktivität tätigkeit schritt ereignis arbeitsschritt attivita passo fase evento activite etape evenement "
            "actividad paso"
        ),
        "timestamp": f"{_TIME} {_STARTED}",
        "resource": (
            "bearbeitet_von sachbearbeiter mitarbeiter benutzer operatore addetto utilisateur gestionnaire responsable "
            "usuario empleado"
        ),
    },
    "interactions": {
        "interaction_id": "gesprächs_id gespräch sitzung sitzungs_id lauf conversazione sessione conversacion sesion",
        "case_id": _CASE_ID,
        "segment": _SEGMENT,
        "started_at": f"{_STARTED} {_TIME}",
        "latency_s": (
            "antwortzeit reaktionszeit laufzeit tempo_di_risposta tempo_risposta temps_de_reponse temps_reponse "
            "tiempo_de_respuesta tiempo_respuesta"
        ),
        "success": "erfolgreich gelöst riuscito risolto reussi reussite resolu exitoso resuelto",
        "cost": "coste couts cout costi",
        "input_text": "anfrage frage richiesta question_posee demande pregunta solicitud",
        "output_text": "ausgabe reponse respuesta",
    },
    "tool_calls": {"started_at": f"{_STARTED} {_TIME}", "tool": "outil herramienta"},
    "labels": {"labelled_at": _TIME, "labeller": "prüfer bewerter revisore evaluateur evaluador"},
    "feedback": {"at": _TIME, "kind": "rückmeldung feedback_utente avis valoracion"},
    "reviews": {
        "reviewer": "prüfer prüfer_in geprüft_von revisore reviseur valideur revisor",
        "decision": "entscheidung decisione",
        "reason": "grund begründung motivo motif",
        "decided_at": "entschieden_am geprüft_am deciso_il decide_le decidido_el",
        "queued_at": "eingereicht_am inviato_il soumis_le enviado_el",
    },
    "costs": {"month": "periodo periode", "amount": "summe costo cout coste", "category": "kostenart voce poste"},
    "training": {
        "person": "name_mitarbeiter teilnehmer partecipante employe participant empleado participante",
        "team": "gruppo equipe equipo departement departamento",
        "course": "schulung formazione formation formacion",
        "passed_at": "bestanden bestanden_am abgeschlossen_am superato_il reussi_le aprobado_el",
    },
}
