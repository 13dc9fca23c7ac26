"""A SMART App Launch, told from the top.

https://hl7.org/fhir/smart-app-launch/STU2.2/app-launch.html

Before the browser goes to the EHR (:meth:`LaunchClient.begin`):

1. the issuer is looked up among the registered ones, before any network call;
2. the EHR's configuration is discovered;
3. state, PKCE challenge and nonce are made, the transaction is kept, the browser sent off.

When it comes back (:meth:`LaunchClient.complete`):

4. the browser shows the cookie of this launch, else nothing is redeemed;
5. the reply is for this launch, in time, from the EHR that was asked;
6. the code is exchanged for tokens;
7. the id_token says who signed in;
8. the token response says what is open.
"""

import time
from collections.abc import Mapping

from launch import browser, errors
from launch.authorization import authorization_form, authorization_url
from launch.backend import BackendServices
from launch.client_auth import client_authentication
from launch.context import FhirUser, LaunchContext
from launch.departing import Departure, LaunchRequest, registration_of, transaction_for
from launch.discovery import WELL_KNOWN, SmartConfiguration, discover
from launch.documents import Documents
from launch.fhir_session import FhirSession
from launch.fhir_user import read_fhir_user
from launch.id_token import Identity, verify_id_token
from launch.jwks import KeySets
from launch.outbound import Door
from launch.report import LaunchReport, Step
from launch.returning import Reply, check_browser, check_reply
from launch.scopes import asked_scopes, left_out_scopes, missing_scopes, needed_scopes
from launch.stores import LaunchTransaction, Registration, SigningKeys, Stores
from launch.style import Styles
from launch.token_response import TokenResponse, ask_for_token, read_launch_parameters, read_token_response
from launch.tokens import Tokens


class LaunchClient:
    """The client of all registered EHRs; one per app."""

    def __init__(self, *, stores: Stores, keys: SigningKeys, base_url: str, door: Door) -> None:
        self.stores = stores
        self.keys = keys
        self.base_url = base_url.rstrip("/")
        self._door = door
        self._documents = Documents(door=door, cache=stores.metadata)
        self._key_sets = KeySets(self._documents)
        self._styles = Styles(self._documents)
        self.backend = BackendServices(keys=keys, door=door, documents=self._documents)
        self.tokens = Tokens(stores=stores, keys=keys, door=door, documents=self._documents)

    def begin(self, request: LaunchRequest, report: LaunchReport) -> Departure:
        """Steps 1 to 3. Raises :class:`launch.errors.LaunchError`."""
        with report.step("issuer"):
            registration = report.registration = registration_of(request, self.stores.registrations)
        with report.step("discovery") as step:
            configuration = discover(registration, self._documents)
            if configuration.found_at != WELL_KNOWN:
                step.fell_back(f"no smart-configuration; read from {configuration.found_at}, S256 is sent all the same")
            elif not configuration.says_s256:
                step.fell_back("the EHR does not say that it supports S256; it is sent all the same")
        with report.step("authorization") as step:
            departure = self._depart(request, registration, configuration)
            if departure.form is not None:
                step.fell_back("the address would be too long: the request is posted as a form")
        # After the step has ended, so that the kept report holds it.
        transaction = transaction_for(request, registration, report, state=departure.state, secret=departure.secret)
        self.stores.transactions.create(transaction)
        return departure

    def redirect_uri(self, registration: Registration) -> str:
        """The registered redirect URI; built from the base URL of the settings, never from Host."""
        return f"{self.base_url}/launch/callback/{registration.callback}"

    def complete(self, reply: Reply, cookies: Mapping[str, str], report: LaunchReport) -> LaunchContext:
        """Steps 4 to 8. Raises :class:`launch.errors.LaunchError`."""
        transaction = self._take_transaction(reply, report)
        registration = report.registration = self._registration(transaction)
        with report.step("browser"):
            secret = check_browser(reply, transaction, registration, cookies, base_url=self.base_url)
        with report.step("sign-in reply"):
            configuration = discover(registration, self._documents)
            code = check_reply(reply, configuration)
        asked = asked_scopes(registration, standalone=transaction.standalone)
        with report.step("token") as step:
            token = self._redeem(code, secret, registration, configuration, asked, step)
        with report.step("identity") as step:
            identity = self._identify(token, secret, registration, configuration)
            person = read_fhir_user(identity.fhir_user, base=registration.iss)
            if person is None:
                step.fell_back("no fhirUser: issuer and subject alone identify the person")
        with report.step("context"):
            return self._context(transaction, registration, token, identity, person, report)

    def _depart(
        self, request: LaunchRequest, registration: Registration, configuration: SmartConfiguration
    ) -> Departure:
        state, secret = browser.new_state(registration.id), browser.new_secret()
        standalone = request.launch is None
        url = authorization_url(
            configuration,
            client_id=registration.client_id,
            redirect_uri=self.redirect_uri(registration),
            scopes=asked_scopes(registration, standalone=standalone),
            state=state,
            secret=secret,
            aud=request.iss or registration.iss,
            launch=request.launch,
        )
        return Departure(url=url, state=state, secret=secret, form=authorization_form(configuration, url))

    def _take_transaction(self, reply: Reply, report: LaunchReport) -> LaunchTransaction:
        """The launch that `reply` belongs to; taken out, so that no second reply finds it."""
        transaction = self.stores.transactions.consume(browser.sha256_hex(reply.state))
        if transaction is None:
            with report.step("sign-in reply"):
                raise errors.StateUnknown("state is unknown or was used")
        report.resume(reference=transaction.reference, earlier=transaction.steps, started_at=transaction.created_at)
        return transaction

    def _registration(self, transaction: LaunchTransaction) -> Registration:
        try:
            return self.stores.registrations.get(transaction.registration_id)
        except KeyError:
            raise errors.IssuerUnknown("the registration was removed during the launch") from None

    def _redeem(
        self,
        code: str,
        secret: str,
        registration: Registration,
        configuration: SmartConfiguration,
        asked: tuple[str, ...],
        step: Step,
    ) -> TokenResponse:
        grant = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri(registration),
            "code_verifier": browser.code_verifier(secret),
        }
        token_url = configuration.token_endpoint
        proof = client_authentication(registration, token_url=token_url, keys=self.keys)
        return read_token_response(ask_for_token(self._door, token_url, grant, proof, step=step), asked=asked)

    def _identify(
        self, token: TokenResponse, secret: str, registration: Registration, configuration: SmartConfiguration
    ) -> Identity:
        return verify_id_token(
            token.id_token,
            registration_id=registration.id,
            jwks_uri=configuration.jwks_uri,
            issuer=configuration.issuer,
            client_id=registration.client_id,
            nonce=browser.nonce(secret),
            now=time.time(),
            key_sets=self._key_sets,
        )

    def _context(
        self,
        transaction: LaunchTransaction,
        registration: Registration,
        token: TokenResponse,
        identity: Identity,
        person: FhirUser | None,
        report: LaunchReport,
    ) -> LaunchContext:
        parameters = read_launch_parameters(token.parameters, base=registration.iss)
        needed = needed_scopes(registration, standalone=transaction.standalone)
        missing = missing_scopes(asked=needed, granted=token.granted_scopes)
        not_asked = (f"scope not asked for, as registered: {scope}" for scope in left_out_scopes(registration))
        not_granted = (f"scope not granted: {scope}" for scope in sorted(missing))
        for text in (*not_asked, *not_granted, *parameters.left_out):
            report.note_missing(text)
        return LaunchContext(
            registration=registration,
            reference=report.reference,
            placement=transaction.placement,
            standalone=transaction.standalone,
            issuer=identity.issuer,
            subject=identity.subject,
            fhir_user=person,
            claims=identity.claims,
            encounter=parameters.encounter,
            patient_present=parameters.patient_present,
            intent=parameters.intent,
            fhir_context=parameters.fhir_context,
            app_context=parameters.app_context,
            tenant=parameters.tenant,
            need_patient_banner=parameters.need_patient_banner,
            smart_style_url=parameters.smart_style_url,
            granted_scopes=token.granted_scopes,
            missing_scopes=missing,
            fhir=FhirSession(base=registration.iss, access_token=token.access_token, door=self._door),
            report=report,
            read_style=lambda: self._styles.read(parameters.smart_style_url, registration),
            keep_token=lambda token_id, ends_at: self.tokens.keep(token_id, token, registration, ends_at=ends_at),
        )
