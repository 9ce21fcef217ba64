// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

// The escrow as everybody sees it: what is signed, what can be called, what is told and what is refused.
struct AreaRules {
    uint32 area;
    address grid;
    address successor;
    address token;
    uint32 intervalSeconds;
    uint32 batchSeconds;
    uint32 priceTick;
    uint32 maxGridPerKwh;
    uint32 maxBandTicks;
    uint8 confirmation;
    uint8 settlingGrade;
    uint8 allocation;
    bytes32 watchers;
    uint32 watcherGraceSeconds;
}

struct Mandate {
    address account;
    address meter;
    bytes32 rules;
    int24 sellFloor;
    int24 buyCeiling;
    uint24 maxSellWh;
    uint24 maxBuyWh;
    uint32 validFrom;
    uint32 validUntil;
    uint32 version;
    uint32 deadline;
}

/// From when a meter serves an account, and until when that may be told.
struct ConsentTimes {
    uint32 validFrom;
    uint32 deadline;
}

struct EpochStart {
    address account;
    bytes32 rules;
    address meter;
    uint16 epoch;
    uint32 time;
    uint48 importWh;
    uint48 exportWh;
}

struct Reading {
    address meter;
    uint16 epoch;
    uint32 time;
    uint48 importWh;
    uint48 exportWh;
    uint8 quality;
}

/// The meter's last key `key` hands over to `next`.
struct RotateKey {
    address account;
    address meter;
    address key;
    address next;
    uint32 from;
    uint32 deadline;
}

struct Withdrawal {
    address account;
    uint64 seat;
    uint128 amount;
    address to;
    uint32 nonce;
    uint32 deadline;
}

/// One part of a batch: the final fills of `[start, end)`, netted per seat.
/// `bandLow` and `bandHigh` are the published band of average prices, in ticks per kWh; `part` counts from 0.
struct Batch {
    uint32 area;
    uint32 start;
    uint32 end;
    int24 bandLow;
    int24 bandHigh;
    bytes32 statementRoot;
    uint16 part;
    uint16 parts;
}

/// What an account may do from `from` on, as its mandate says; all zero once the seat is closed.
struct Terms {
    uint32 from;
    uint16 validUntilDay;
    int24 sellFloor;
    int24 buyCeiling;
    uint24 maxSellWh;
    uint24 maxBuyWh;
}

/// What the grid operator says of a seat's meter from `from` on. A barred meter (revoked, or suspended) does not trade.
struct Standing {
    uint32 from;
    bool confirmed;
    bool barred;
    uint24 nameplateWh;
}

/// All there is to know of a seat. `maxSellWh` and `maxBuyWh` are the limits in force with everything folded in.
struct SeatView {
    address account;
    address meter;
    uint128 balance;
    uint16 epoch;
    uint32 time;
    uint48 importWh;
    uint48 exportWh;
    uint24 maxSellWh;
    uint24 maxBuyWh;
    uint32 version;
    uint32 closedFrom;
    Terms terms;
    Standing standing;
}

/// The open request of a seat; `amount` 0 means none.
struct WithdrawalView {
    uint128 amount;
    address to;
    uint32 claimableAt;
    uint32 nextNonce;
}

/// A batch of several parts that has begun and is neither settled nor abandoned; `nextPart` 0 means none.
struct OpenBatchView {
    bytes32 header;
    uint16 nextPart;
    uint32 abandonableAt;
}

/// Seats hold purses; areas settle them. A seat is `uint64(area) << 32 | number`; numbers count from 1 in the order of opening.
///
/// Who may do what: an account signs (or sends) what concerns its seat, the grid operator what concerns its area, the
/// area's operator only settles. An empty signature stands for `msg.sender` itself. Nobody may move a purse except by a
/// settlement that the contract has recomputed, or to the address that the account named.
interface IEscrow {
    event AreaOpened(uint32 indexed area, bytes32 indexed rulesHash, AreaRules rules, address operator);
    event OperatorAppointed(uint32 indexed area, address operator);
    /// `from`: the boundary at which the mandate comes into force, here and in `MandateChanged`.
    event SeatOpened(
        uint64 indexed seat,
        address indexed account,
        address indexed meter,
        Mandate mandate,
        EpochStart epoch,
        uint32 from
    );
    event MandateChanged(uint64 indexed seat, Mandate mandate, uint32 from);
    event SeatClosed(uint64 indexed seat, uint32 from);
    event MeterConfirmed(uint64 indexed seat, bytes32 zone, uint24 nameplateWh, uint32 from);
    event MeterRevoked(uint64 indexed seat, uint32 from);
    event MeterSuspended(uint64 indexed seat, uint32 from);
    /// Readings up to `from` and at it are for `key` to sign, later ones for `next`.
    event KeyRotated(uint64 indexed seat, address key, address next, uint32 from);
    event EpochStarted(uint64 indexed seat, uint16 epoch, uint32 time, uint48 importWh, uint48 exportWh);
    event Rebased(uint64 indexed seat, uint16 epoch, uint32 time, uint48 importWh, uint48 exportWh);
    /// `amount` is in ledger units, `tokens` in base units of the token.
    event Deposited(uint64 indexed seat, address indexed from, uint128 amount, uint256 tokens);
    /// `nextNonce`: the seat's next request must carry at least this.
    event WithdrawalRequested(uint64 indexed seat, uint128 amount, address to, uint32 claimableAt, uint32 nextNonce);
    event WithdrawalClaimed(uint64 indexed seat, uint128 amount, address to, uint256 tokens);
    event GridWithdrawn(uint32 indexed area, uint128 amount, address to, uint256 tokens);
    /// One per settled part; `words` are the entries' words as they were in the calldata. Of a batch in several parts a net
    /// debit counts at once, a net credit with `BatchSettled`.
    event PartSettled(uint32 indexed area, uint32 indexed end, uint16 part, uint16 parts, bytes words);
    /// With the last part: the area's `settledUntil` is now `end`; `gridTake` is in ledger units, `energyWh` was bought and sold.
    event BatchSettled(
        uint32 indexed area,
        uint32 start,
        uint32 indexed end,
        bytes32 statementRoot,
        int24 bandLow,
        int24 bandHigh,
        uint256 energyWh,
        uint256 gridTake
    );
    /// The parts since the batch's part 0 move no money after all; the bases that they moved stay where they are.
    event BatchAbandoned(uint32 indexed area, uint32 start, uint32 indexed end);

    /// Only the grid operator of the area may do this.
    error NotGrid(address caller);
    /// Only the area's operator may do this.
    error NotOperator(address caller);
    /// The area's number is taken.
    error AreaExists(uint32 area);
    /// No area has this number.
    error AreaUnknown(uint32 area);
    /// No seat has this number.
    error SeatUnknown(uint64 seat);
    /// The rules name another token than the escrow's.
    error WrongToken(address token);
    /// A withdrawal delay of more than a year.
    error BadDelay(uint32 withdrawalDelaySeconds);
    /// The interval must be more than zero, the batch a multiple of it and shorter than the withdrawal delay, the grade 0 or 1.
    error BadRules();
    /// Neither is the ledger unit a whole number of the token's base units nor the other way round.
    error UnitNotRepresentable(uint32 priceTick, uint8 decimals);
    /// The mandate or consent was given for other rules than the area's.
    error WrongRules(bytes32 rules);
    /// The area has no free seat number.
    error AreaFull(uint32 area);
    /// The signature's deadline has passed.
    error DeadlinePassed(uint32 deadline);
    /// `signer` did not sign this.
    error BadSignature(address signer);
    /// This signed instruction was already carried out.
    error AlreadyUsed(bytes32 digest);
    /// The account already has an open seat with this meter.
    error SeatExists(uint64 seat);
    /// A later consent of this meter is known.
    error OldConsent(uint32 validFrom);
    /// The mandate's version must be higher than the seat's.
    error OldVersion(uint32 version);
    /// The mandate names another account or meter than the seat or the meter's own signature.
    error WrongParty();
    /// A mandate ends on a whole UTC day, after the boundary at which it would begin.
    error BadValidity(uint32 validUntil);
    /// The time is not an interval boundary.
    error NotABoundary(uint32 time);
    /// The seat is closed, or will be at the next boundary.
    error SeatIsClosed(uint64 seat);
    /// Too many changes have started since the last settlement; try again after the next one.
    error TooManyChanges();
    /// A confirmation lifts a revocation or suspension only if it starts later.
    error StillBarred(uint32 from);
    /// The meter's last key, which signed, is another one.
    error WrongKey(address key);
    /// The next key is or was a meter's already.
    error KeyUsed(address key);
    /// The two readings are not two different ones of the same past boundary and epoch, later than the last suspension.
    error NotEquivocation();
    /// An epoch must be higher than the seat's and start at its base or later.
    error BadEpoch(uint16 epoch);
    /// A base only moves to a later measured reading of the same epoch with registers that have not fallen.
    error BadBase();
    /// The amount is less than one unit.
    error NothingToMove();
    /// The escrow cannot keep this much for one area.
    error TooMuch();
    /// The token moved another amount than was asked: tokens with fees are refused.
    error TokenTookFee(uint256 asked, uint256 moved);
    /// Tokens cannot be sent there.
    error BadRecipient(address to);
    /// A withdrawal's nonce must not be lower than the seat's next one.
    error OldNonce(uint32 nonce);
    /// No request is open.
    error NothingRequested(uint64 seat);
    /// The withdrawal delay has not passed.
    error TooEarly(uint32 claimableAt);
    /// The grid purse holds less.
    error GridPurseTooSmall(uint128 balance);
    /// The batch does not lie on boundaries, in order, in the past, after `settledUntil` and inside the area's batch length.
    error BadBatchTimes(uint32 start, uint32 end);
    /// The band is upside down or wider than the area's rules allow.
    error BadBand(int24 bandLow, int24 bandHigh);
    /// Parts come in order; this one is expected next.
    error WrongPart(uint16 expected);
    /// Another batch of the area is open.
    error OtherBatchOpen(bytes32 header);
    /// No batch of the area is open.
    error NoBatchOpen(uint32 area);
    /// The entries are not whole, or not in ascending order of seats, which count from 1.
    error BadEntries();
    /// The reading lies outside the batch or not after the seat's base.
    error BadReadingTime(uint64 seat, uint256 time);
    /// The meter did not sign this measured reading in this epoch, chain and contract.
    error BadReadingSignature(uint64 seat);
    /// Only energy from the batch's own intervals can be traded: settle or rebase the seat up to the batch first.
    error BaseBeforeBatch(uint64 seat, uint256 baseTime);
    /// No traded entry spans a change: settle the seat up to `from` first.
    error SpansChange(uint64 seat, uint256 from);
    /// The mandate ends before the reading.
    error MandateExpired(uint64 seat);
    /// More was sold or bought than the meter's register advanced.
    error BeyondRegister(uint64 seat);
    /// More was sold or bought than the seat's limit per interval allows.
    error BeyondLimit(uint64 seat);
    /// Paid more than the ceiling, or received less than the floor.
    error BeyondPrice(uint64 seat);
    /// The average price lies outside the batch's band, or money moved without energy.
    error OutsideBand(uint64 seat);
    /// The seat cannot pay.
    error Insolvent(uint64 seat);
    /// Energy sold differs from energy bought.
    error EnergyNotBalanced(uint256 soldWh, uint256 boughtWh);
    /// What is left for the grid operator is negative or above its cap.
    error GridTakeOutOfRange(int256 gridTake);

    /// The grid operator (`msg.sender == rules.grid`) opens an area and names who may submit its batches.
    function openArea(AreaRules calldata rules, address operator) external;
    /// Replaces the operator at once; only the grid operator.
    function appointOperator(uint32 area, address operator) external;

    /// Anyone may relay. The account signs the mandate; the meter signs its consent and the start of its first epoch. The mandate
    /// comes into force at the next boundary, or at the first one that both `validFrom`s allow. A meter has one open seat in the
    /// escrow: a later consent to another seat closes the one before, at a boundary, and the new one begins there.
    function openSeat(
        Mandate calldata mandate,
        bytes calldata accountSignature,
        ConsentTimes calldata consent,
        bytes calldata consentSignature,
        EpochStart calldata epoch,
        bytes calldata epochSignature
    ) external returns (uint64 seat);
    /// In force from the next boundary, or from the mandate's `validFrom` if that is later; replaces changes that have not begun by then.
    function changeMandate(uint64 seat, Mandate calldata mandate, bytes calldata accountSignature) external;
    /// Ends trading at the next boundary, for good; the purse stays withdrawable.
    function closeSeat(uint64 seat, uint32 deadline, bytes calldata accountSignature) external;
    /// Signed by the grid operator; in force from the next boundary or from `from` if that is later. Each signature counts once.
    function confirmMeter(
        uint64 seat,
        bytes32 zone,
        uint24 nameplateWh,
        uint32 from,
        uint32 deadline,
        bytes calldata gridSignature
    ) external;
    /// The seat neither sells nor buys from then on, until a confirmation with a later `from`.
    function revokeMeter(uint64 seat, uint32 from, uint32 deadline, bytes calldata gridSignature) external;
    /// The meter gets another key, and keeps its name (the first key's address), seat, purse, mandate, confirmation and registers.
    /// Signed by the account, by the meter's last key, which vouches for its successor, and by the next key; anyone may relay.
    /// Readings up to a boundary and at it stay the former key's, later ones are the next key's: from `from` on, or from the first
    /// later boundary that is a whole interval away, so that everybody has heard of it before a reading needs the next key, and
    /// at which the meter's former seats have stopped.
    function rotateKey(
        RotateKey calldata rotation,
        bytes calldata accountSignature,
        bytes calldata keySignature,
        bytes calldata nextSignature
    ) external;
    /// A new epoch of the same meter: signed by the meter, the account and, where the rules demand confirmed sellers, the grid operator
    /// (else empty). Only the area's operator, so that no batch of the old epoch is cut off.
    function startEpoch(
        uint64 seat,
        EpochStart calldata epoch,
        bytes calldata meterSignature,
        bytes calldata accountSignature,
        bytes calldata gridSignature
    ) external;
    /// Two different readings of one boundary, both signed by the key that signs for the seat's meter there: suspends the seat's trading from the next boundary on.
    function reportEquivocation(
        uint64 seat,
        Reading calldata first,
        bytes calldata firstSignature,
        Reading calldata second,
        bytes calldata secondSignature
    ) external;

    /// Takes what the ledger can represent of `tokens` from the caller, into any seat's purse. With six decimals and the default
    /// tick that is all of it; with more decimals the rest below one ledger unit is left with the caller.
    function deposit(uint64 seat, uint256 tokens) external;
    /// Takes `tokens` from the seat's own account, by the ERC-2612 permit that its key signed last, whoever handed it to the
    /// token; anyone may relay.
    function depositWithPermit(uint64 seat, uint256 tokens, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external;
    /// Replaces the seat's open request, if any, and starts the delay anew. More than the balance means all of it.
    function requestWithdrawal(Withdrawal calldata withdrawal, bytes calldata accountSignature) external;
    /// Pays the smaller of request and balance to the requested address, rounded down to the token's base unit (the rest stays in
    /// the purse); anyone may call it once the delay has passed. The request is then done, unless the seat takes part in an open
    /// batch of several parts: then what is still missing stays requested.
    function claim(uint64 seat) external;
    /// Only the grid operator; its purse has no delay, since no batch draws on it.
    function withdrawGrid(uint32 area, uint128 amount, address to) external;

    /// Settles one part; only the area's operator. `entries` holds 96 bytes an entry, ascending by seat: the word, then the compact signature (r, vs) of the reading by the key that signs for the meter there.
    /// The word, from the most significant bit: seat number uint24 | lag uint8 (intervals from the reading back from the batch's end) |
    /// exportDelta uint32 | importDelta uint32 (Wh since the seat's base) | soldWh uint32 | boughtWh uint32 | paid int48 | received int48 (ledger units).
    ///
    /// An entry that trades runs from the seat's base, which must lie in the batch, to its reading, and spans no change. An entry
    /// without energy only moves the base, across anything. A seat may have several entries. With more than one part, debits count
    /// at once and credits with the last part, which requires energy and money to balance.
    function settle(Batch calldata batch, bytes calldata entries) external;
    /// Gives up the open batch of several parts: its operator at any time, anyone after half the withdrawal delay.
    function abandonBatch(uint32 area) external;
    /// Moves a seat's base up to a later measured reading without selling the energy in between; only the area's operator.
    function rebase(uint64 seat, Reading calldata reading, bytes calldata meterSignature) external;

    function token() external view returns (address);
    function withdrawalDelaySeconds() external view returns (uint32);
    function settledUntil(uint32 area) external view returns (uint32);
    function balanceOf(uint64 seat) external view returns (uint128);
    function gridBalance(uint32 area) external view returns (uint128);
    /// The newest seat of the three, 0 if none.
    function seatOf(address account, address meter, uint32 area) external view returns (uint64);
    /// The open seat of a meter, or its last one; 0 if none.
    function seatOfMeter(address meter) external view returns (uint64);
    /// Whose readings a key signs: those after `from`, up to `until` and at it (the largest number: for good). All zero for a
    /// meter's only key, and for an address that is no key.
    function keyOf(address key) external view returns (address meter, uint32 from, uint32 until);
    function rulesHash(uint32 area) external view returns (bytes32);
    function gridOf(uint32 area) external view returns (address);
    function operatorOf(uint32 area) external view returns (address);
    function seatView(uint64 seat) external view returns (SeatView memory);
    function withdrawalOf(uint64 seat) external view returns (WithdrawalView memory);
    function openBatchOf(uint32 area) external view returns (OpenBatchView memory);
}
