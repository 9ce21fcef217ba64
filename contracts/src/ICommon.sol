// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// What both halves of the escrow refuse.
interface ICommon {
    /// Only the grid operator of the area may do this.
    error NotGrid(address caller);
    /// Only the area's operator may do this.
    error NotOperator(address caller);
    /// No area has this number.
    error AreaUnknown(uint32 area);
    /// No seat has this number.
    error SeatUnknown(uint64 seat);
    /// The signature's deadline has passed.
    error DeadlinePassed(uint32 deadline);
    /// No date that somebody signs lies more than a year ahead.
    error TooFarAhead(uint32 date);
    /// A version must be higher than the last one.
    error OldVersion(uint32 version);
    /// A version or an epoch may advance by so much at once, so that none is the last by accident.
    error StepTooLarge(uint256 last, uint256 next);
    /// A wait has not passed: it has from then on.
    error TooEarly(uint32 from);
    /// `signer` did not sign this.
    error BadSignature(address signer);
    /// What was signed names another account, meter, seat or area.
    error WrongParty();
    /// An epoch must not be lower than the meter's last one, and a new one be higher and start at the seat's base or later.
    error BadEpoch(uint16 epoch);
    /// The time is not an interval boundary, or none of the clock's.
    error NotABoundary(uint32 time);
    /// Too many changes have started since the last settlement; try again after the next one.
    error TooManyChanges();

    function token() external view returns (address);
    /// From a request to its payment; every other wait of the escrow follows from it.
    function withdrawalDelaySeconds() external view returns (uint32);
}
