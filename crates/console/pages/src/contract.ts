// What the server says, as far as these pages use it; `docs/schema/alert.json` describes the alert.
// Times are RFC 3339, UTC. What is not known is absent or null.

import type { Exchange } from "./exchange";

type Maybe<T> = T | null | undefined;

export interface Source { country: string; organisation: string; node: string }

export type Act = "read" | "acknowledge" | "take" | "comment" | "verdict" | "request" | "open" | "dossier" | "refer" | "joint-operation" | "clear" | "bar-list" | "audit";

export interface Session {
  user: { name: Maybe<string>; person?: Maybe<string>; country?: Maybe<string>; role: string };
  csrf: Maybe<string>;
  may: Act[];
  /** In whose name feedback is said; none where nothing can be said from here. */
  writer: Maybe<Source>;
  /** Nobody has signed in: everybody on this machine reads. */
  open: boolean;
  /** Of a carrier's own desk: whose. */
  desk: Maybe<string>;
  /** Topics were read to where they ended when the console began. */
  is_read: boolean;
  version: string;
}

export interface Reason { pattern: string; code: string; value: number; unit?: Maybe<string>; threshold: number }

export interface Entity {
  type: string;
  role: string;
  token: string;
  key_id?: string;
  country?: Maybe<string>;
  range_holder?: Maybe<string>;
  masked?: Maybe<string>;
  prefix?: Maybe<string>;
  tac?: Maybe<string>;
  value?: Maybe<string>;
  sealed?: { to: string }[];
}

export interface Row {
  key: string;
  incident_id: string;
  producer: Source;
  revision: number;
  message: string;
  status: string;
  state: string;
  pattern: string;
  category: string;
  severity: number;
  score: number;
  confidence?: Maybe<number>;
  first_event: string;
  last_event: string;
  published: string;
  opened?: Maybe<string>;
  actionable_until: string;
  entity?: Maybe<Entity>;
  entities: number;
  countries: string[];
  victims: number;
  place?: Maybe<{ country: string; admin1?: Maybe<string> }>;
  reason?: Maybe<Reason>;
  acknowledged: string[];
  stages: Record<string, string>;
  disputed_by: string[];
  verdicts: Record<string, number>;
  campaign?: Maybe<string>;
}

export interface List {
  incidents: Row[];
  next: Maybe<string>;
  position: string;
  /** What was searched for fits too many: nothing was listed. */
  too_broad?: boolean;
}

export interface Alert {
  incident_id: string;
  revision: number;
  sequence: number;
  first_event: string;
  last_event: string;
  detected: string;
  published: string;
  actionable_until: string;
  pattern: string;
  pattern_version: number;
  pattern_hash?: string;
  patterns: string[];
  engine_version: string;
  category: string;
  rule?: string;
  tags?: string[];
  reasons: Reason[];
  entities: Entity[];
  place?: { country: string; admin1?: string; latitude?: number; longitude?: number; radius_m?: number; basis: string };
  victims: { country: string; count: number }[];
  links?: { campaign_id?: string; related?: string[] };
  grouped?: { count: number; merged_into?: string };
  evidence: { count: number; topic?: string; partition?: number; offsets?: { first: number; last: number }[]; merkle_root?: string; kept_until?: string };
  action?: { recommended?: string[]; contact?: string; hold?: { until: string; case_reference: string; receipt?: string; refusal?: string; ended?: string } };
  cancel?: { reason: string; decided_by: string[] };
  handling: { tlp: string; purpose: string; legal_basis?: string; recipients?: string[]; retain_until: string };
}

export interface Revision {
  revision: number;
  message: string;
  published: string;
  severity: number;
  score: number;
  reasons: Reason[];
  entities: number;
}

export interface Said {
  id: string;
  published: string;
  writer: Source;
  person?: Maybe<string>;
  kind: string;
  verdict_id?: number;
  text?: string;
  stage?: string;
  action?: string;
  requester?: string;
  case_reference?: string;
  until?: string;
  of?: string;
  outcome?: string;
  reason?: Maybe<string>;
}

export interface Asked {
  id: string;
  measure: string;
  requester: string;
  country: string;
  case_reference: string;
  until: string;
  answered: Maybe<string>;
  accepted: boolean;
  refusal: Maybe<string>;
  in_force: boolean;
}

export interface Conclusion {
  acknowledged: Record<string, string>;
  stages: Record<string, string>;
  verdicts: Record<string, number>;
  verdict_by_country: Record<string, number>;
  disputed_by: string[];
  requests: Asked[];
  cancelled: Maybe<{ at: string; decided_by: string[]; reason: string; verdict_id: number }>;
}

export interface Incident {
  row: Row;
  alert: Alert;
  key_id: string;
  offset: number;
  /** Those that are here: the first, and the newest. */
  revisions: Revision[];
  more_revisions: number;
  /** Places in `alert.entities`. */
  openable: number[];
  /** The newest, and how many older words there are. */
  said: Said[];
  more_said: number;
  conclusion: Maybe<Conclusion>;
  related: { why: string; row: Row }[];
  more_related: boolean;
  operations: Operation[];
  /** Of a country that proposed very many the newest are listed. */
  more_operations: number;
  campaign: Maybe<{ campaign_id: string; alerts: number; countries: Record<string, number> }>;
}

export interface Sources {
  sources: {
    source: Source;
    key_id: Maybe<string>;
    alerts: number;
    last_sequence: number;
    gaps: number;
    missing: number;
    last_published: Maybe<string>;
    heard: Maybe<string>;
    refused: Record<string, number>;
  }[];
  unattributed: Record<string, number>;
  topics: { name: string; topic: string; offset: number; end: number; lag: number; read: Maybe<string>; answered: string; is_current: boolean }[];
  exchange: Exchange;
  now: string;
}

export interface Figures {
  since: string;
  until: string;
  /** Of each hour that had any. */
  trend: { hour: string; incidents: number }[];
  /** By hour of the day, UTC, 0 to 23. */
  hours: { hour: number; pattern: string; incidents: number }[];
  countries: { country: string; incidents: number; victims: number }[];
  areas: { country: string; admin1: string; incidents: number; latitude?: Maybe<number>; longitude?: Maybe<number> }[];
  more_areas: number;
  cells: { country: string; admin1?: Maybe<string>; latitude: number; longitude: number; radius_m: number; pattern: string; incidents: number }[];
  more_cells: number;
  precision: { pattern: string; country: string; true_positive: number; false_positive: number; other: number }[];
}

/** Joined here, of what the viewer's country may see. */
export interface Campaign {
  /** Name of a campaign of the exchange (`is_named`), or an id that nobody else knows. */
  campaign_id: string;
  is_named: boolean;
  /** The campaign of the exchange that most of it belongs to, where others have its name. */
  part_of: Maybe<string>;
  message: string;
  status: string;
  published: string;
  opened: Maybe<string>;
  first_event: string;
  last_event: string;
  severity: number;
  alerts: number;
  carriers: Record<string, number>;
  countries: Record<string, number>;
  patterns: Record<string, number>;
  merged_into: Maybe<string>;
  /** Alerts that are counted and not named. */
  further: number;
}

export interface Member { key: string; incident_id: string; producer: Source; pattern: string; first_event: string; severity: number; state?: Maybe<string> }
export interface Edge { between: [number, number]; kinds: string[]; weight_tenths: number }
export interface Shared { kind: string; token: string; alerts: number }
export interface WholeCampaign extends Campaign { members: Member[]; edges: Edge[]; more_edges?: number; shared: Shared[]; more_shared?: number; operations: Operation[]; more_operations: number }
export interface Campaigns { campaigns: Campaign[]; next: Maybe<string> }

/** A country's part in a joint operation. */
export interface Part {
  answer: Maybe<string>;
  at: Maybe<string>;
  by: Maybe<string>;
  reason: Maybe<string>;
  /** Organisations of the country that last said otherwise. */
  otherwise: Record<string, string>;
}

export interface Operation {
  operation_id: string;
  title: string;
  proposer: Source;
  published: string;
  lead: Source;
  day: Maybe<string>;
  stage: string;
  agreed: Maybe<string>;
  running: Maybe<string>;
  closed: Maybe<string>;
  outcome: Maybe<{ outcome: string; suspects?: Maybe<number>; sites?: Maybe<number> }>;
  outcomes_differ: boolean;
  countries: Record<string, Part>;
  incidents: number;
  campaigns: number;
}

export interface Operations { operations: Operation[]; next: Maybe<string> }

export interface OperationWord {
  id: string;
  published: string;
  writer: Source;
  person: Maybe<string>;
  kind: string;
  answer: Maybe<string>;
  reason: Maybe<string>;
  stage: Maybe<string>;
  outcome: Maybe<string>;
  suspects: Maybe<number>;
  sites: Maybe<number>;
  incidents: Maybe<number>;
  campaigns: Maybe<number>;
  /** Why it has no effect. */
  unheard: Maybe<string>;
}

export interface WholeOperation extends Operation {
  listed: {
    incidents: { row: Row; by: string; at: string }[];
    campaigns: { campaign: Campaign; by: string; at: string }[];
    /** Those that are not shown: not meant for the reader's country, or not known here. */
    hidden: number;
    hidden_campaigns: number;
    not_listed: number;
  };
  said: OperationWord[];
  /** Words beyond those. */
  more_said: number;
}

export interface Audit {
  entries: { seq: number; at: string; user: Maybe<string>; country: Maybe<string>; action: string; about: Maybe<string>; case_reference: Maybe<string>; detail: Maybe<string>; outcome: string; hash: string }[];
  next: Maybe<number>;
}
export interface AuditCheck { ok: boolean; entries: number; head: string; fault: Maybe<string> }

/** How soon something was answered: half of them, and nine in ten, within so many seconds. */
export interface Response { count: number; median_s: Maybe<number>; p90_s: Maybe<number> }

export interface Week {
  incidents: number;
  campaigns_new: number;
  campaigns_dissolved: number;
  campaigns_dismantled: number;
  acknowledgement: Response;
  status: Response;
  verdict: Response;
  receipt: Response;
  operation: Response;
  operations_new: number;
  operations_agreed: number;
  operations_running: number;
  operations_closed: number;
}

export interface Digest {
  since: string;
  until: string;
  all: Maybe<Week>;
  countries: Record<string, Week>;
  precision: { pattern: string; country: string; true_positive: number; false_positive: number; other: number }[];
  requests: { key: string; producer: string; measure: string; by: string; requester: string; case_reference: string; until: string; answered: Maybe<string> }[];
  more_requests: number;
}

/** An incident of the home topic; `found` is whom a search was for. */
export interface AtHome {
  incident_id: string;
  revision: number;
  message: string;
  family: string;
  patterns: string[];
  severity: number;
  score: number;
  first_event: string;
  last_event: string;
  type: string;
  role: string;
  masked: Maybe<string>;
  named: number;
  shared_as?: Maybe<string>;
  found?: { type: string; role: string; masked: Maybe<string> };
}

export interface AtHomeList { incidents: AtHome[]; next: Maybe<string>; is_read: boolean; let_go: number }
export interface AtHomeFound { incidents: AtHome[]; more: boolean; is_read: boolean; audit: number }
export interface AtHomeOne extends Named { incident: AtHome; shared_as: Maybe<string>; is_read: boolean }

/** Whom home lines name, masked: a page, the newest line first. */
export interface Named {
  lines: { line: string; patterns: string[]; last_event: string; named: { type: string; role: string; masked: Maybe<string> }[] }[];
  gone: number;
  next: Maybe<string>;
  /** More incidents went into this one than are looked at. */
  has_unlooked?: boolean;
}

export interface Requested { requests: Digest["requests"]; more: number }

export interface BarList {
  csv: string;
  listed: number;
  left_out: { incident_id: string; requester: string; case_reference: string; until: string; subscribers: number }[];
}
