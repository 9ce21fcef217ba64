/** Releases of reports: a clerk puts a version forward, and two different approvers sign its manifest. */
import { z } from 'zod'
import { approvalsNeeded } from '../../billing/approval.ts'
import { ReportError } from '../../reports/row.ts'
import { hex32Form } from '../../settlement/signed-forms.ts'
import {
  approveRelease,
  proposeRelease,
  type ReportRelease,
  releaseState,
  releasesOf,
  releaseToApprove,
} from '../../store/report-releases.ts'
import { type ClerkAsks, clerksOf } from '../clerks.ts'
import { areaInput } from '../paging.ts'
import type { OrderParts } from '../place-order.ts'
import { releaseSchema, reportNameSchema } from '../report-resources.ts'
import { type Route, route } from '../route.ts'
import { signedReleaseSchema } from '../signed-requests.ts'

const areaParams = z.object({ area: areaInput })
const tag = 'Reports'
const shownReleases = 100

/** As high as the database counts. */
const mostVersion = 2 ** 31 - 1

export function releaseRoutes(parts: OrderParts): Route[] {
  const { database, servicesOf } = parts
  const { ofClerk } = clerksOf(parts)

  async function present({ stored }: ClerkAsks, release: ReportRelease) {
    const { name, version, hash, manifest, proposedBy, proposedAt, approvals, releasedAt } = release
    return {
      ...{ report: JSON.parse(name), version, manifestHash: `0x${hash}`, manifest },
      ...{ proposedBy, proposedAt: proposedAt.toISOString(), approvalsNeeded },
      approvals: approvals.map(({ approver, signature, approvedAt }) => {
        return { account: approver, signature, approvedAt: new Date(approvedAt).toISOString() }
      }),
      state: await releaseState(database, stored.areaId, release),
      releasedAt: releasedAt?.toISOString() ?? null,
    }
  }

  async function one(own: ClerkAsks, hash: string) {
    const [release] = await releasesOf(database, own.stored, { hash, limit: 1 })
    return { status: 200, body: await present(own, release!) }
  }

  return [
    route({
      id: 'listReleases',
      method: 'get',
      path: '/areas/:area/releases',
      tag,
      summary:
        'Reports that were put forward to be released, the newest first, with who has signed; for the grid operator and the approvers',
      private: true,
      params: areaParams,
      answers: { 200: z.object({ items: z.array(releaseSchema) }) },
      async handle({ params, session }) {
        const own = await ofClerk(params.area, session)
        const rows = await releasesOf(database, own.stored, { limit: shownReleases })
        return { status: 200, body: { items: await Promise.all(rows.map((release) => present(own, release))) } }
      },
    }),
    route({
      id: 'proposeRelease',
      method: 'post',
      path: '/areas/:area/releases',
      tag,
      summary: 'Puts the newest version of a report forward to be released; once, however often',
      private: true,
      params: areaParams,
      body: z.strictObject({ report: reportNameSchema, version: z.int().min(1).max(mostVersion) }),
      answers: { 200: releaseSchema },
      async handle({ params, body, session }) {
        const own = await ofClerk(params.area, session)
        const proposal = { ...body, proposer: own.account, now: new Date() }
        return one(own, await proposeRelease(database, own.stored, proposal))
      },
    }),
    route({
      id: 'approveRelease',
      method: 'post',
      path: '/areas/:area/releases/:manifest/approvals',
      tag,
      summary:
        'An approver’s signed word that a report is released as its manifest says; with the second one it is released',
      private: true,
      params: areaParams.extend({ manifest: hex32Form }),
      body: signedReleaseSchema,
      answers: { 200: releaseSchema },
      async handle({ params, body: { approval, signature }, session }) {
        const own = await ofClerk(params.area, session)
        const hash = params.manifest.slice(2)
        const { asked } = await releaseToApprove(database, own.stored, hash)
        const { account, manifest, ...said } = approval
        const isThis =
          manifest === params.manifest &&
          Object.entries(said).every(([name, value]) => asked[name as keyof typeof said] === value)
        if (!isThis)
          throw new ReportError('REPORT_CHANGED', `what is signed is not the report with the manifest ${hash}`)
        const { isWalletSignature } = servicesOf(own.stored.area)
        await approveRelease(
          database,
          own.stored,
          { hash, approver: account, signature },
          { now: new Date(), isWalletSignature },
        )
        return one(own, hash)
      },
    }),
  ]
}
