// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ISettlement, Batch, Approvals} from "./ISettlement.sol";
import {Watchers} from "./IAreas.sol";
import {Signatures} from "./Signatures.sol";
import {TypedData} from "./TypedData.sol";
import {WatcherList} from "./WatcherList.sol";
import {Ledger} from "./Ledger.sol";

/// Independent parties who compute each batch again. A quorum of them lets it settle; what they say nothing about settles
/// some time after everybody could see it; what too many of them refuse never does.
abstract contract Watching is Ledger, ISettlement {
    uint256 private constant SIGNATURE_BYTES = 64;

    function announceBatch(uint32 areaNumber, bytes32 header) external {
        Area storage area = _areas[areaNumber];
        if (msg.sender != area.operator) revert NotOperator(msg.sender);
        area.announcement = Announcement(header, uint32(block.timestamp));
        emit BatchAnnounced(areaNumber, header);
    }

    function refuseBatch(
        uint32 areaNumber,
        bytes32 header,
        uint8 reason,
        Watchers calldata watchers,
        bytes calldata watcherSignature
    ) external {
        Area storage area = _areaAt(areaNumber);
        if (!WatcherList.isOf(area.watchers, watchers)) revert WrongWatchers();
        bytes32 digest = _digestOf(TypedData.hashRefusal(area.rulesHash, header, reason));
        address watcher = Signatures.keyOf(digest, watcherSignature);
        uint256 place = _placeOf(watchers, watcher, 0);
        Refusals storage refusals = _refusals[areaNumber][header];
        if ((refusals.who >> place) & 1 == 1) revert AlreadyRefused(watcher);
        // There are no more places than bits; what is shifted is the bit.
        // forge-lint: disable-next-line(incorrect-shift, unsafe-typecast)
        refusals.who |= uint64(1 << place);
        refusals.count += 1;
        emit BatchRefused(areaNumber, header, watcher, reason);
    }

    /// Requires that the batch with this header may begin, or go on with a later part.
    function _requireWatched(Area storage area, Batch calldata batch, bytes32 header, Approvals calldata approvals)
        internal
    {
        Watchers calldata watchers = approvals.watchers;
        if (!WatcherList.isOf(area.watchers, watchers)) revert WrongWatchers();
        if (uint256(_refusals[batch.area][header].count) + watchers.quorum > watchers.keys.length) {
            revert RefusedByWatchers(header);
        }
        if (batch.part != 0) return;
        uint256 approved = _countApprovals(area, header, approvals);
        if (approved < watchers.quorum) {
            uint256 silentFrom = _silentFrom(area, header, batch.end);
            // forge-lint: disable-next-line(unsafe-typecast)
            if (silentFrom == 0 || block.timestamp < silentFrom) revert NotApproved(header, uint32(silentFrom));
        }
        emit BatchWatched(batch.area, batch.end, header, approved);
    }

    /// Each signature must be a watcher's, and they must ascend, so that none counts twice.
    function _countApprovals(Area storage area, bytes32 header, Approvals calldata approvals)
        private
        view
        returns (uint256 count)
    {
        bytes calldata signatures = approvals.signatures;
        bytes32 digest = _digestOf(TypedData.hashApproval(area.rulesHash, header));
        count = signatures.length / SIGNATURE_BYTES;
        uint256 place = 0;
        for (uint256 i = 0; i < count; ++i) {
            uint256 offset = i * SIGNATURE_BYTES;
            bytes32 r = bytes32(signatures[offset:offset + 32]);
            bytes32 vs = bytes32(signatures[offset + 32:offset + 64]);
            address watcher = Signatures.keyOf(digest, r, vs);
            place = _placeOf(approvals.watchers, watcher, place) + 1;
        }
    }

    function _placeOf(Watchers calldata watchers, address watcher, uint256 from) private pure returns (uint256 place) {
        place = from;
        while (place < watchers.keys.length && watchers.keys[place] < watcher) ++place;
        if (place == watchers.keys.length || watchers.keys[place] != watcher) revert BadSignature(watcher);
    }

    /// From when on the watchers' silence lets this batch settle; 0 where it was not announced since its `end`. Whoever guessed
    /// a header before could let their time pass while there was nothing yet that they could have computed.
    function _silentFrom(Area storage area, bytes32 header, uint256 end) private view returns (uint256) {
        Announcement storage announcement = area.announcement;
        bool isAnnounced = announcement.header == header && announcement.madeAt >= end;
        return isAnnounced ? uint256(announcement.madeAt) + area.watcherGraceSeconds : 0;
    }

    function announcementOf(uint32 areaNumber) external view returns (bytes32 header, uint32 silentFrom) {
        Area storage area = _areas[areaNumber];
        header = area.announcement.header;
        // forge-lint: disable-next-line(unsafe-typecast)
        silentFrom = header == 0 ? 0 : uint32(_silentFrom(area, header, 0));
    }

    function refusalsOf(uint32 areaNumber, bytes32 header) external view returns (uint256) {
        return _refusals[areaNumber][header].count;
    }
}
