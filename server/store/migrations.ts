/** The numbered migrations, in order; bundled with the program, so that one file runs anywhere. */
import market from './migrations/0001_market.sql?raw'
import settlement from './migrations/0002_settlement.sql?raw'
import chain from './migrations/0003_chain.sql?raw'
import accounts from './migrations/0004_accounts.sql?raw'
import points from './migrations/0005_points.sql?raw'
import documents from './migrations/0006_documents.sql?raw'
import watching from './migrations/0007_watching.sql?raw'
import billing from './migrations/0008_billing.sql?raw'
import official from './migrations/0009_official.sql?raw'
import declarations from './migrations/0010_declarations.sql?raw'
import notices from './migrations/0011_notices.sql?raw'
import seatSums from './migrations/0012_seat-sums.sql?raw'
import partners from './migrations/0013_partners.sql?raw'
import releases from './migrations/0014_releases.sql?raw'
import budgets from './migrations/0015_budgets.sql?raw'
import zoneMeters from './migrations/0016_zone-meters.sql?raw'
import billLooks from './migrations/0017_bill-looks.sql?raw'
import sumsOfStretches from './migrations/0018_sums-of-stretches.sql?raw'

/** `isProjected`: its tables follow from areas' journals, wholly or in part. */
export const migrations: readonly { name: string; text: string; isProjected?: true }[] = [
  { name: '0001_market', text: market, isProjected: true },
  { name: '0002_settlement', text: settlement },
  { name: '0003_chain', text: chain },
  { name: '0004_accounts', text: accounts },
  { name: '0005_points', text: points },
  { name: '0006_documents', text: documents },
  { name: '0007_watching', text: watching },
  { name: '0008_billing', text: billing },
  { name: '0009_official', text: official },
  { name: '0010_declarations', text: declarations, isProjected: true },
  { name: '0011_notices', text: notices },
  { name: '0012_seat-sums', text: seatSums, isProjected: true },
  { name: '0013_partners', text: partners },
  { name: '0014_releases', text: releases },
  { name: '0015_budgets', text: budgets, isProjected: true },
  { name: '0016_zone-meters', text: zoneMeters },
  { name: '0017_bill-looks', text: billLooks },
  { name: '0018_sums-of-stretches', text: sumsOfStretches, isProjected: true },
]
