"""Words that name a value, by class and in many languages; a * lets the word go on ("telefon*": Telefonnummer)."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, str] = {
    "phone": (
        "my number, his number, her number, their number, your number, our number, meine nummer, "
        "seine nummer, ihre nummer, mon numéro, son numéro, votre numéro, mio numero, suo numero, mi número, "
        "su número, meu número, mijn nummer, zijn nummer, haar nummer, mój numer, moj broj, mitt nummer, "
        "mit nummer, мой номер, номер, תתקשר*, התקשר*, המספר שלי, מספר הטלפון, 打, 打给, 番号は, ring mig, "
        "ring meg, phone*, telephone*, tel, mobile, mob, cell, cellphone, cell phone, landline, fax, "
        "whatsapp, telegram, signal, call, calls, called, calling, call me, dial, ring, sms, text me, "
        "text him, text her, text us, texting, reach, reached, reachable, contact, voicemail, hotline, "
        "answering at, on my registered, my registered, pager, switchboard, contact number, phone number, "
        "direct line, desk, texts to, messages to, msisdn, text message, hung up, handset, telefon*, handy*, "
        "mobil, mobilnummer, mobilfunk*, mobiltelefon*, rufnummer*, durchwahl*, anruf*, anrufen, rufen, ruf, "
        "erreichbar*, erreichen, rückruf*, zurückrufen, festnetz*, melden, kontakt*, telefoon*, mobiel*, "
        "gsm, bel, bellen, belt, teruggebeld, bereikbaar, bereiken, vaste lijn, téléphone*, portable, "
        "appeler, appelez*, appelle*, joindre, joignable, rappeler, rappelez*, coordonnées, fixe, tél, "
        "telefono*, cellulare*, chiamare, chiamami, chiamate*, chiamatemi, chiami, recapito*, richiamare, "
        "contattare, contattarmi, rintracciabile, numero di casa, teléfono*, móvil*, movil*, celular*, "
        "llamar, llame*, llamen*, llámame, llámeme, llámenme, contactar*, contacto, telefone*, telemóvel*, "
        "telemovel*, ligar, ligue*, ligue-me, contato, contacte*, zap, tlf, tlfnr, ringa, ringe, mobilnr, "
        "telefonnummer, puhelin*, puh, soita, soittaa, matkapuhelin*, numeroni, sími, símanúmer*, hringdu, "
        "telefoni, komórk*, kom, zadzwoń*, dzwonić, telefonu, nr tel, numer telefonu, kontaktow*, volejte, "
        "zavolejte*, zavolat, mobilu, hívjon*, hívj*, hívható*, mobilszám*, telefonszám*, sună*, suna*, "
        "sunați*, apela*, mobilul, обадете*, обади*, мобилен, nazov*, pokličite*, mobitel*, broj, nazvati, "
        "zovi, τηλ, τηλέφων*, κινητ*, καλέστε, κάλεσε, телефон*, тел, моб, мобильн*, мобільн*, сотов*, "
        "звоните, позвон*, звонить, перезвон*, зателефон*, дзвон*, номер для связи, whatsapp*, cep, "
        "cep telefonu*, ara, arayın*, arayabilir*, telefonu*, telefonum*, ulaş*, numaram*, טלפון, נייד, "
        "להתקשר, التليفون, هاتف, الهاتف, هاتفي, جوال, جوالي, الجوال, موبايل, اتصل, اتصال, الاتصال, رقمي, "
        "تلفن, موبایل, फोन*, फ़ोन*, मोबाइल*, कॉल*, संपर्क*, नंबर*, ফোন*, মোবাইল*, 电话, 電話, 手机, 手機, "
        "手机号, 联系, 聯絡, 拨打, 致电, 来电, 座机, 传真, 携帯, 連絡先, ファックス, お電話, 전화*, 휴대폰*, "
        "핸드폰*, 연락처*, 연락*, 휴대전화*, โทร*, มือถือ, เบอร์, điện thoại, sđt, gọi, liên hệ, telepon*, "
        "hp, hubungi, nomor hp, no hp, ponsel, telefon bimbit, simu"
    ),
    "other_number": (
        "mon numéro client, mi número de cliente, order, orders, order number, order no, order id, invoice*, "
        "ticket*, tracking*, shipment*, parcel, case number, case id, case no, reference*, ref, ref no, sku, "
        "serial, serial number, part number, part no, article, item, item number, product*, model, "
        "model number, isbn, issn, ean, upc, gtin, barcode, batch, lot, po, purchase order, booking*, "
        "reservation*, confirmation*, transaction*, version, build, release, revision, commit, page, pages, "
        "chapter, section, paragraph, figure, table, room, flight, customer number, customer no, "
        "customer id, client id, user id, gift card, gift_card, quantity, qty, amount, total, price, "
        "contract*, policy number, claim*, incident*, change request, session*, timestamp, epoch, port, "
        "error code, error, code, registry, patent*, bestell*, auftrag*, auftragsnummer*, rechnung*, "
        "rechnungsnummer*, lieferschein*, sendung*, sendungsnummer*, artikel*, kundennummer*, kunden-nr, "
        "vorgang*, vorgangsnummer*, vertrag*, seriennummer*, aktenzeichen, chargen*, buchung*, referenz*, "
        "betrag, summe, menge, preis, beleg*, mandant*, commande*, facture*, dossier*, référence*, réf, "
        "suivi, colis, devis, contrat*, montant, numéro de série, numéro client, quantité, réservation*, "
        "ordine*, fattura*, pratica*, riferimento*, rif, spedizione*, pacco, contratto*, importo, "
        "codice cliente, numero di serie, prenotazione*, lotto, protocollo, pedido*, factura*, albarán*, "
        "referencia*, envío*, seguimiento, contrato*, importe, reserva*, número de serie, expediente*, "
        "cantidad, fatura*, encomenda*, referência*, rastreio, rastreamento, nota fiscal, protocolo, valor, "
        "quantidade, bestelling*, bestelnummer*, factuur*, factuurnummer*, zending*, klantnummer*, "
        "dossiernummer*, bedrag, referentie*, ordernummer*, beställning*, faktura*, fakturanr, ordrenummer*, "
        "sagsnummer*, kundenummer*, kundnummer*, tilaus*, lasku*, viite*, tilausnumero*, zamówieni*, "
        "faktur*, przesyłk*, numer seryjny, umow*, kwot*, objednávk*, faktúr*, zásilk*, rendelés*, számla*, "
        "rendelésszám*, számlaszám*, comand*, factură*, comenzi*, поръчк*, фактур*, narudžb*, račun*, "
        "παραγγελί*, τιμολόγι*, заказ*, счёт*, счет*, накладн*, договор*, замовлен*, рахун*, sipariş*, "
        "kargo, takip no, seri no, الطلب, الفاتورة, طلب رقم, فاتورة, ऑर्डर*, बिल, 订单*, 订单号, 发票*, "
        "单号, 编号, 运单, 注文*, 注文番号, 請求*, 伝票*, 追跡番号, 주문*, 송장*, 운송장*, 영수증*, pesanan, "
        "faktur, resi"
    ),
    "card": (
        "card, cards, card number*, credit card*, debit card*, cc, ccn, cc number, pan, visa, mastercard, "
        "amex, american express, maestro, discover, jcb, diners, unionpay, kreditkarte*, karte*, "
        "kreditkartennummer*, debitkarte*, ec-karte*, bankkarte*, carte*, carte bancaire*, carte bleue, cb, "
        "carta*, carta di credito, bancomat, tarjeta*, cartão*, cartao*, cartões, creditcard*, "
        "creditcardnummer*, betaalkaart*, bankpas*, pinpas*, kort*, kortnummer*, kreditkort*, betalkort*, "
        "betalingskort*, luottokort*, korttinumero*, pankkikort*, kart*, karta*, karty, kartą, kartę, "
        "kreditní*, platební*, kártya*, bankkártya*, hitelkártya*, card de credit, kartic*, карт*, "
        "банковск*, кредитн*, κάρτα*, κάρτας, kredi kartı*, kartım*, כרטיס*, بطاقة*, البطاقة, بطاقتي, "
        "कार्ड*, 信用卡*, 银行卡*, 卡号*, 卡*, カード*, クレジットカード*, 카드*, 신용카드*, บัตรเครดิต*, "
        "thẻ*, kartu*, kartu kredit"
    ),
    "version": (
        "version, versions, v, ver, build, release, firmware, revision, versione, versión, versão, wersja, "
        "версия, sürüm, 版本, section, clause, chapter, kapitel, abschnitt, artikel, oid"
    ),
    "id_number": (
        "id number, id no, id, national id*, identity number, identification number, personal number, "
        "personal id*, identity, tax id*, tax number, tin, taxpayer*, tax file number, citizen id, "
        "identifikationsnummer, steuernummer, ausweisnummer, personenkennzahl, numéro d'identité, "
        "numéro d'identification, identifiant, numéro fiscal, numero di identificazione, identificativo, "
        "documento*, identidad, identificación, identificacion, identidade, identificação, contribuinte, "
        "persoonsnummer, identiteitsnummer, identificatienummer, numer identyfikacyjny, rodné číslo, "
        "osobné číslo, identyfikator, henkilönumero, id-nummer, идентификационн*, удостоверени*, kimlik*, "
        "הזהות, זהות, الهوية, هوية, रहचान, पहचान*, 身份证*, 身分證*, 證號, 证件*, マイナンバー, 個人番号, "
        "주민*, บัตรประชาชน, căn cước, cmnd, cccd, nik, ktp, mykad, dowód*, osobisty, social insurance*, "
        "social security*"
    ),
    "birth": (
        "born, born on, date of birth, dob, birth date, birthdate, birthday, d.o.b, geboren*, geburtsdatum, "
        "geb, geburtstag, né le, née le, né, née, date de naissance, naissance, nato il, nata il, nato, "
        "nata, data di nascita, nascita, nacido*, nacida*, nací, fecha de nacimiento, nacimiento, nascido*, "
        "nascida*, nasci, data de nascimento, nascimento, geboortedatum, geboren op, urodzon*, "
        "data urodzenia, narozen*, datum narození, született*, születési*, născut*, data nașterii, født*, "
        "fødselsdato, född*, födelsedatum, syntynyt*, syntymäaika, rođen*, datum rođenja, γεννήθηκε, "
        "γεννημένος, ημερομηνία γέννησης, родился, родилась, дата рождения, рождения, народився, народилася, "
        "дата народження, doğum tarihi, doğum*, doğdu*, תאריך לידה, تاريخ الميلاد, مواليد, जन्म*, जन्मतिथि, "
        "出生*, 生日, 出生日期, 生年月日, 生まれ*, 생년월일*, 출생*, วันเกิด, ngày sinh, tanggal lahir, "
        "lahir"
    ),
    "passport": (
        "passport*, reisepass*, pass-nr, passnummer, passeport*, passaporto*, pasaporte*, passaporte*, "
        "paspoort*, pass nr, paszport*, cestovní pas, číslo pasu, útlevél*, pașaport*, паспорт*, pasaport*, "
        "διαβατήρι*, דרכון, جواز*, पासपोर्ट*, 护照*, 護照*, パスポート*, 旅券*, 여권*, หนังสือเดินทาง, "
        "hộ chiếu, paspor*, pasnummer, passi, passinumero"
    ),
    "driving_licence": (
        "driver's license*, driver’s license*, drivers license*, driver license*, driving licence*, "
        "driving license*, driver's licence*, driver licence*, license number, licence number, dl number, "
        "führerschein*, führerscheinnummer*, permis de conduire, patente, patente di guida, "
        "permiso de conducir, carnet de conducir, licencia de conducir, carta de condução, cnh, "
        "carteira de motorista, rijbewijs*, prawo jazdy, prawa jazdy, řidičský průkaz*, jogosítvány*, "
        "permis auto, körkort*, førerkort*, kørekort*, ajokortti*, ajokortin*, водительск*, ehliyet*, "
        "sürücü belgesi, 驾驶证*, 驾照*, 運転免許*, 운전면허*, رخصة القيادة, ड्राइविंग लाइसेंस*"
    ),
    "identity_card": (
        "identity card*, id card*, personalausweis*, ausweisnummer*, ausweis, carte d'identité, "
        "carte d’identité, cni, carta d'identità, carta d’identità, documento d'identità, identiteitskaart*, "
        "identiteitsbewijs, cartão de cidadão, dowód osobisty, dowodu osobistego, dowodu, občanský průkaz*, "
        "občanského průkazu, személyi igazolvány*, carte de identitate, buletin, лична карта, "
        "osobna iskaznica, osebna izkaznica, henkilökortti*, δελτίο ταυτότητας, ταυτότητας, kimlik kartı*, "
        "carné de identidad, cédula de identidad"
    ),
    "iban": "iban*, ibans",
    "bank_account": (
        "account number*, account no, acct no, acct, bank account*, sort code*, routing number*, routing no, "
        "aba, kontonummer*, konto-nr, kontonr, konto, bankverbindung, numéro de compte, rib, conto corrente, "
        "numero di conto, número de cuenta, cuenta bancaria, número da conta, conta bancária, "
        "conta corrente, rekeningnummer*, bankrekening*, numer konta, nr konta, číslo účtu, bankszámla*, "
        "bankszámlaszám*, kontonummer, tilinumero*, номер счёта, номер счета, расчётный счёт, "
        "расчетный счет, hesap no, hesap numarası*, رقم الحساب, खाता संख्या, 账号*, 银行账户, 口座番号*, "
        "계좌번호*, 계좌*, clabe, bsb"
    ),
    "us_ssn": "ssn, social security*, social security number, social, ss#, soc sec, itin, tax id*, taxpayer*",
    "gb_nino": "national insurance*, ni number, ni no, nino",
    "gb_nhs": "nhs, nhs number, nhs no, health service number",
    "gb_utr": "utr, unique taxpayer reference",
    "ca_sin": ("sin, social insurance*, social insurance number, nas, numéro d'assurance sociale, assurance sociale"),
    "au_tfn": "tfn, tax file number, tax file",
    "nz_ird": "ird, ird number, inland revenue",
    "ie_pps": "pps, ppsn, pps number, personal public service number",
    "de_idnr": (
        "steuer-id*, steuer id*, steueridentifikationsnummer*, steuer-identifikationsnummer*, steuerid, "
        "idnr, id-nr, steuerliche identifikationsnummer, identifikationsnummer, steuernummer, tax id*, tin"
    ),
    "at_vnr": "svnr, sv-nummer, sv-nr, sv nummer, sozialversicherungsnummer*, versicherungsnummer*",
    "ch_ahv": "ahv*, avs, ahv-nummer, sozialversicherungsnummer*",
    "nl_bsn": "bsn, bsn-nummer, burgerservicenummer*, sofinummer*, sofi-nummer",
    "be_nn": (
        "mon numéro national, rijksregisternummer*, rijksregister, numéro national, registre national, insz, "
        "niss, nationaal nummer"
    ),
    "lu_id": "matricule, numéro matricule, sozialversicherungsnummer",
    "fr_nir": (
        "nir, sécurité sociale, securite sociale, numéro de sécurité sociale, n° sécu, insee, numéro insee, "
        "sécu, carte vitale"
    ),
    "fr_nif": "numéro fiscal, nif, spi, numéro spi, référence fiscale",
    "it_cf": "codice fiscale, cod fisc, c.f, cf",
    "es_dni": "dni, nif, documento nacional de identidad, documento de identidad, nie",
    "pt_nif": "nif, contribuinte, número de contribuinte, número de identificação fiscal",
    "pl_pesel": "pesel*, numer pesel, nr pesel",
    "pl_nip": "nip, numer nip",
    "cz_rc": "rodné číslo, rodného čísla, rodným číslem, r.č, rc, rč",
    "hu_taj": "taj*, taj szám, taj-szám, tajszám*",
    "ro_cnp": "cnp, cod numeric personal, cnp-ul*",
    "bg_egn": "егн, egn, единен граждански номер",
    "hr_oib": "oib, oib-a, osobni identifikacijski broj",
    "si_emso": "emšo*, emso, jmbg, matični broj, јмбг",
    "ee_ik": "isikukood*, isikukoodi*, asmens kodas, asmens kodo, asmens kodą, a.k",
    "lv_pk": "personas kods, personas kodu, personas koda",
    "gr_amka": "αμκα, amka",
    "gr_afm": "αφμ, α.φ.μ, afm",
    "se_pnr": "personnummer*, personnr, pnr, samordningsnummer*",
    "dk_cpr": "cpr*, cpr-nummer, cpr-nr, cprnr, personnummer*",
    "no_fnr": "fødselsnummer*, personnummer*, fnr, d-nummer",
    "fi_hetu": "hetu*, henkilötunnus*, henkilötunnuk*, sosiaaliturvatunnus*",
    "is_kt": "kennitala*, kennitölu*, kt",
    "br_cpf": "cpf, cadastro de pessoa física",
    "br_cnpj": "cnpj",
    "ar_dni": "dni, documento nacional de identidad, documento",
    "ar_cuit": "cuit, cuil",
    "cl_rut": "rut, run, rol único tributario, rol único nacional",
    "co_nit": "nit",
    "ec_ci": "cédula, cedula, ci, cédula de identidad",
    "do_cedula": "cédula, cedula",
    "pe_dni": "ruc, dni, cui",
    "mx_rfc": "rfc",
    "in_aadhaar": "aadhaar*, aadhar*, uidai, आधार*",
    "in_pan": "pan, pan card*, pan number, pan no, पैन*, permanent account number",
    "id_nik": "nik, ktp, nomor induk kependudukan",
    "jp_mn": "my number, マイナンバー*, 個人番号*, mynumber",
    "th_pin": "บัตรประชาชน*, เลขประจำตัว*, thai id*, national id*",
    "vn_id": "cccd, cmnd, căn cước*, chứng minh*",
    "il_id": "teudat zehut, תעודת זהות, תז, ת.ז, מספר זהות, הזהות",
    "tr_tckn": "t.c, tc, tc kimlik*, kimlik no*, kimlik numara*, t.c. kimlik*, tckn, tckimlik",
    "sa_id": "iqama, الهوية الوطنية, رقم الهوية, الإقامة, saudi id*",
    "eg_id": "الرقم القومي, رقم قومي, بطاقة",
    "za_id": "id number*, identity number, south african id*, rsa id*, sa id*, id no",
    "ru_inn": "инн, inn",
    "ru_snils": "снилс, snils",
    "ru_passport": "паспорт*, паспортные данные, серия",
    "ua_rntrc": "рнокпп, іпн, ипн, ідентифікаційний код, податковий номер",
    "kr_rrn": "주민등록번호*, 주민번호*, rrn, resident registration*",
    "cn_ric": "身份证*, 身份證*, 居民身份证*, resident id*",
    "tw_id": "身分證*, 統一編號",
    "sg_nric": "nric*, fin, fin number",
    "hk_id": "hkid*, 香港身份證*",
    "my_nric": "mykad, nric, ic number, no kp, kad pengenalan, no. kad pengenalan",
}
